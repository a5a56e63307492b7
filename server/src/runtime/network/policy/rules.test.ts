import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isClosedAddress } from "./addresses.ts";
import { defaultHosts } from "./default-hosts.ts";
import { canonicalHost, parseTarget } from "./host.ts";
import { findRule, networkPolicy, parseRule, type NetworkMode } from "./rules.ts";

const allows = (target: string, rules: readonly string[], mode: NetworkMode = "allow"): boolean => {
  const parsed = parseTarget(target);
  return parsed !== undefined && findRule(parsed, networkPolicy(mode, rules), []) !== undefined;
};

test("[I2] all spellings of a host have one canonical form", () => {
  for (const [written, host] of [
    ["Example.ORG", "example.org"],
    ["example.org.", "example.org"],
    ["ＥＸＡＭＰＬＥ.org", "example.org"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["127.1", "127.0.0.1"],
    ["0x7f.1", "127.0.0.1"],
    ["0x7F000001", "127.0.0.1"],
    ["2130706433", "127.0.0.1"],
    ["017700000001", "127.0.0.1"],
    ["127.0.0.1.", "127.0.0.1"],
    ["[::1]", "::1"],
    ["::1", "::1"],
    ["[0:0:0:0:0:0:0:1]", "::1"],
    ["[::ffff:127.0.0.1]", "127.0.0.1"],
    ["::ffff:a9fe:a9fe", "169.254.169.254"],
    ["①②⑦.⓪.⓪.①", "127.0.0.1"],
  ] as const)
    assert.equal(canonicalHost(written), host, written);
});

test("[I2] invalid and ambiguous hosts are rejected", () => {
  const invalid = [
    "",
    ".",
    "..",
    "a..b",
    ".a",
    "a b",
    "a\0.b",
    "a#b",
    "a/b",
    "a\\b",
    "u@h",
    "a%2eb",
    "a?b",
    "a:b",
    "[::1",
    "::1%lo",
  ];
  for (const text of [...invalid, "256.0.0.1", "1.2.3.4.5", "0x100000000", "a\n.b", "a".repeat(256)])
    assert.equal(canonicalHost(text), undefined, JSON.stringify(text));
  for (const text of [
    "example.org",
    "example.org:",
    "example.org:0",
    "example.org:65536",
    "example.org:1:2",
    "evil.com#.a.org:80",
  ])
    assert.equal(parseTarget(text), undefined, text);
});

test("[I2] the canonical form of a canonical host is the host itself", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.domain(), fc.ipV4Extended(), fc.ipV6()), (text) => {
      const host = canonicalHost(text);
      assert.equal(host === undefined ? undefined : canonicalHost(host), host);
    }),
    { numRuns: 2000 },
  );
});

test("[I2] a rule allows a host on ports 80 and 443, its subdomains, or one port", () => {
  const rules = ["Example.org", "*.below.example", "odd.example:8443", "[::1]:80"];
  for (const target of [
    "example.org:443",
    "EXAMPLE.org.:80",
    "a.below.example:443",
    "a.b.below.example:80",
    "odd.example:8443",
    "[::1]:80",
  ])
    assert.ok(allows(target, rules), target);
  for (const target of [
    "example.org:22",
    "www.example.org:443",
    "badexample.org:443",
    "below.example:443",
    "xbelow.example:443",
    "odd.example:443",
    "[::1]:443",
    "example.org.evil.example:443",
  ])
    assert.ok(!allows(target, rules), target);
  for (const text of ["*", "", "*.", "a.*.b", "http://example.org", "example.org/x", "*.10.0.0.1", "a b"])
    assert.equal(parseRule(text), undefined, text);
});

test("[I1] an empty list and `off` allow nothing, `on` allows any name", () => {
  assert.ok(!allows("example.org:443", []));
  assert.ok(!allows("example.org:443", ["example.org"], "off"));
  assert.ok(allows("example.org:12345", [], "on"));
  assert.deepEqual(findRule({ host: "10.0.0.1", port: 80 }, networkPolicy("on", []), []), {
    rule: "on",
    mayBePrivate: false,
  });
});

test("[I17] `default` stands for the list of registries and code hosts, and invalid rules are reported", () => {
  const { rules } = networkPolicy("allow", ["default", "intern.example:8443"]);
  assert.equal(rules.length, defaultHosts.length + 1);
  for (const host of [
    "registry.npmjs.org",
    "pypi.org",
    "files.pythonhosted.org",
    "github.com",
    "proxy.golang.org",
    "index.crates.io",
  ])
    assert.ok(allows(`${host}:443`, ["default"]), host);
  assert.throws(() => networkPolicy("allow", ["*"]), /DECKHAND_NETWORK_ALLOW: "\*"/);
});

test("[I3] addresses of this machine, private networks, metadata services and special-purpose ranges are closed", () => {
  const closed =
    "127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 100.100.100.200 168.63.129.16 192.0.0.192 198.18.0.1 224.0.0.1 255.255.255.255 " +
    ":: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 fe80::1 fec0::1 fd00:ec2::254 ff02::1 2002:7f00:1:: 2001:db8::1 name";
  for (const address of closed.split(" ")) assert.ok(isClosedAddress(address), address);
  for (const address of ["1.1.1.1", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])
    assert.ok(!isClosedAddress(address), address);
});
