/** Preview widths for a running app, and its URL. */
export type Device = "full" | "phone" | "tablet" | "desktop";

export const frameWidth: Readonly<Record<Device, string>> = {
  full: "w-full",
  phone: "w-[390px]",
  tablet: "w-[820px]",
  desktop: "w-[1280px]",
};

/** The link to a port with another path. It uses the scheme of the page, because a reverse proxy may serve it by HTTPS. */
export function urlWithPath(link: string, path: string, protocol: string): string {
  const url = new URL(link);
  const wanted = new URL(path, url.origin);
  // A path must not lead to another origin.
  if (wanted.origin === url.origin) {
    url.pathname = wanted.pathname;
    for (const [name, value] of wanted.searchParams) url.searchParams.append(name, value);
    url.hash = wanted.hash;
  }
  if (protocol === "https:") url.protocol = protocol;
  return url.href;
}
