import { Children, isValidElement, type ReactNode } from "react";
import { useIsCodeFenceIncomplete } from "streamdown";
import { CodeText } from "../code/code-text.tsx";
import { CopyButton } from "../ui/copy-button.tsx";
import { useMessages } from "../i18n/i18n.ts";

interface CodeBlockProps {
  readonly className: string;
  readonly children?: ReactNode;
}

/** A fenced code block, highlighted once it is closed: until then every word would parse it again. */
export function CodeBlock({ className, children }: CodeBlockProps) {
  const t = useMessages();
  const growing = useIsCodeFenceIncomplete();
  const language = /language-([\w+#-]+)/.exec(className)?.[1] ?? "";
  const text = textOf(children).replace(/\n$/, "");
  return (
    <figure className="code-block group/code">
      <figcaption>
        <span>{language || t.actions.code}</span>
        <CopyButton text={() => text} label={t.timeline.copyCode} />
      </figcaption>
      <pre tabIndex={0} aria-label={language || t.actions.code}>
        <code>
          <CodeText text={text} language={language} settled={!growing} />
        </code>
      </pre>
    </figure>
  );
}

function textOf(node: ReactNode): string {
  return Children.toArray(node)
    .map((child) => {
      if (typeof child === "string" || typeof child === "number") return String(child);
      return isValidElement<{ children?: ReactNode }>(child) ? textOf(child.props.children) : "";
    })
    .join("");
}
