/** The page that a URL shows. */
export type Route =
  | { readonly page: "new-task" | "inbox" | "board" }
  | { readonly page: "settings"; readonly section: string }
  | {
      readonly page: "conversation";
      readonly id: string;
      /** The open tab of the work panel. */
      readonly tab: string | undefined;
      /** `#e123`: the event to scroll to. */
      readonly event: number | undefined;
      /** State that a tab keeps in the URL: `path`, `file` and so on. */
      readonly query: URLSearchParams;
    };

export function parseRoute(url: URL, base = "/"): Route {
  const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length).replace(/\/$/, "") : "";
  const [first, second = ""] = path.split("/");
  if (first === "inbox" || first === "board") return { page: first };
  if (first === "settings") return { page: "settings", section: second };
  const id = first === "c" ? decode(second) : "";
  if (id === "") return { page: "new-task" };
  const query = url.searchParams;
  const event = /^#e(\d+)$/.exec(url.hash)?.[1];
  return {
    page: "conversation",
    id,
    tab: query.get("tab") ?? undefined,
    event: event === undefined ? undefined : Number(event),
    query,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
