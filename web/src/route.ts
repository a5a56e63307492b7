/** What an address names. */
export type Route =
  | { readonly page: "welcome" | "inbox" | "board" }
  | { readonly page: "settings"; readonly section: string }
  | {
      readonly page: "conversation";
      readonly id: string;
      /** Of the work panel. */
      readonly tab: string | undefined;
      /** `#e123`: the event that is to be in sight. */
      readonly event: number | undefined;
      /** What a tab keeps of itself in the address: `path`, `file` … */
      readonly query: URLSearchParams;
    };

export function parseRoute(url: URL, under = "/"): Route {
  const path = url.pathname.startsWith(under) ? url.pathname.slice(under.length).replace(/\/$/, "") : "";
  const [first, second = ""] = path.split("/");
  if (first === "inbox" || first === "board") return { page: first };
  if (first === "settings") return { page: "settings", section: second };
  const id = first === "c" ? decoded(second) : "";
  if (id === "") return { page: "welcome" };
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
