/** Widths at which a running app is looked at, and its address. */
export type Device = "full" | "phone" | "tablet" | "desktop";

export const frameWidth: Readonly<Record<Device, string>> = {
  full: "w-full",
  phone: "w-[390px]",
  tablet: "w-[820px]",
  desktop: "w-[1280px]",
};

/** The link to a port with another path; by the scheme of the page that shows it, which something in front of the server may speak. */
export function urlWithPath(link: string, path: string, protocol: string): string {
  const url = new URL(link);
  const wanted = new URL(path, url.origin);
  // A path that is an address of somewhere else is none.
  if (wanted.origin === url.origin) {
    url.pathname = wanted.pathname;
    for (const [name, value] of wanted.searchParams) url.searchParams.append(name, value);
    url.hash = wanted.hash;
  }
  if (protocol === "https:") url.protocol = protocol;
  return url.href;
}
