import type { McpReport } from "@deckhand/protocol";
import { useMessages } from "../../i18n/i18n.ts";

/** The result of testing an MCP server. */
export function McpTestResult({ report }: { readonly report: McpReport }) {
  return (
    <div role="status" className={`mt-2 rounded-md p-2.5 text-sm ${report.ok ? "bg-good-soft" : "bg-bad-soft"}`}>
      {report.sentence}
      <McpTools tools={report.tools} />
    </div>
  );
}

export function McpTools({ tools }: { readonly tools: McpReport["tools"] }) {
  const t = useMessages();
  if (tools.length === 0) return null;
  return (
    <details className="mt-1.5 text-xs">
      <summary className="cursor-pointer text-muted">{t.settings.mcp.toolCount(tools.length)}</summary>
      <ul className="mt-1 flex flex-col gap-1">
        {tools.map(({ name, description }) => (
          <li key={name}>
            <code className="font-semibold">{name}</code> <span className="text-soft">{description.slice(0, 200)}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
