import { isValidElement, memo, type ComponentProps, type ReactNode } from "react";
import { defaultRemarkPlugins, Streamdown, type Components, type StreamdownProps } from "streamdown";
import { CodeBlock } from "./code-block.tsx";

/** Only these elements are rendered: the model cannot choose classes, styles or URLs that are fetched. */
const components = {
  h1: plain("h1"),
  h2: plain("h2"),
  h3: plain("h3"),
  h4: plain("h4"),
  h5: plain("h5"),
  h6: plain("h6"),
  p: plain("p"),
  ul: plain("ul"),
  ol: ({ children, start }: ComponentProps<"ol">) => <ol start={start}>{children}</ol>,
  li: plain("li"),
  hr: () => <hr />,
  strong: plain("strong"),
  em: plain("em"),
  del: plain("del"),
  blockquote: plain("blockquote"),
  table: ({ children }: Children) => (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- allows keyboard users to scroll
    <div tabIndex={0} role="group" className="overflow-x-auto">
      <table>{children}</table>
    </div>
  ),
  thead: plain("thead"),
  tbody: plain("tbody"),
  tr: plain("tr"),
  th: plain("th"),
  td: plain("td"),
  a: ({ href, children }: ComponentProps<"a">) =>
    href !== undefined && isSafeLink(href) ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  // Loading a remote image would tell its host that this is being read, so it is a link.
  img: ({ src, alt }: ComponentProps<"img">) =>
    typeof src === "string" && isSafeLink(src) ? (
      <a href={src} target="_blank" rel="noopener noreferrer nofollow" title={src}>
        {alt || src}
      </a>
    ) : (
      <span>{alt}</span>
    ),
  input: ({ checked }: ComponentProps<"input">) => (
    <input type="checkbox" checked={checked === true} readOnly disabled />
  ),
  code: ({ children }: Children) => <code>{children}</code>,
  pre: ({ children }: Children) => {
    const code = isValidElement<ComponentProps<"code">>(children) ? children.props : { children };
    return <CodeBlock className={code.className ?? ""}>{code.children}</CodeBlock>;
  },
} as unknown as Components;

/** Links that may be followed; everything else is text. */
function isSafeLink(url: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(url);
}

interface Children {
  readonly children?: ReactNode;
}

function plain(tag: keyof React.JSX.IntrinsicElements) {
  const Tag = tag as "p";
  return ({ children }: Children) => <Tag>{children}</Tag>;
}

interface Node {
  type: string;
  children?: Node[];
}

/** Shows raw HTML as text. */
function htmlAsText(): (tree: Node) => void {
  const visit = (node: Node): void => {
    if (node.type === "html") node.type = "text";
    for (const child of node.children ?? []) visit(child);
  };
  return visit;
}

const remarkPlugins = [...Object.values(defaultRemarkPlugins), htmlAsText] as NonNullable<
  StreamdownProps["remarkPlugins"]
>;

interface FormattedProps {
  readonly text: string;
  readonly streaming: boolean;
}

export const Formatted = memo(function Formatted({ text, streaming }: FormattedProps) {
  return (
    <Streamdown
      className="prose"
      mode="streaming"
      isAnimating={streaming}
      parseIncompleteMarkdown={streaming}
      controls={false}
      components={components}
      remarkPlugins={remarkPlugins}
      rehypePlugins={[]}
      linkSafety={{ enabled: false }}
    >
      {text}
    </Streamdown>
  );
});
