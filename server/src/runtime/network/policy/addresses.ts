/**
 * Address ranges that are not the public internet (IANA special-purpose registries, November 2026), including cloud
 * metadata services.
 */
import { BlockList, isIP } from "node:net";

const closed = new BlockList();
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  closed.addSubnet(net, prefix, "ipv4");
}
// Azure's metadata service has a public address. Alibaba's is in 100.64.0.0/10.
closed.addAddress("168.63.129.16", "ipv4");
for (const [net, prefix] of [
  ["::", 96],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 9],
  ["ff00::", 8],
] as const) {
  closed.addSubnet(net, prefix, "ipv6");
}

/**
 * True for addresses of this machine, of private networks and for special purposes. Anything that is not an address is
 * closed, too.
 */
export function isClosedAddress(address: string): boolean {
  const bare = address.split("%", 1)[0] ?? address;
  const family = isIP(bare);
  // BlockList checks IPv4-mapped IPv6 addresses against the IPv4 ranges.
  return family === 0 || closed.check(bare, family === 6 ? "ipv6" : "ipv4");
}
