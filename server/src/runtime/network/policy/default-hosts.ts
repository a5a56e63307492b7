/**
 * Hosts that can be reached when nothing is configured: where developer tools download packages and code. All of them
 * also accept uploads from anyone with an account, the residual risk described in docs/decisions/0019-network-policy.md.
 */
export const defaultHosts: readonly string[] = [
  // JavaScript
  "registry.npmjs.org",
  "registry.yarnpkg.com",
  "repo.yarnpkg.com",
  "nodejs.org",
  "jsr.io",
  "npm.jsr.io",
  "deno.land",
  "esm.sh",
  // Python
  "pypi.org",
  "files.pythonhosted.org",
  "conda.anaconda.org",
  "repo.anaconda.com",
  "www.python.org",
  // Rust
  "crates.io",
  "index.crates.io",
  "static.crates.io",
  "static.rust-lang.org",
  // Go
  "proxy.golang.org",
  "sum.golang.org",
  "go.dev",
  "dl.google.com",
  // Java, Kotlin, Scala
  "repo.maven.apache.org",
  "repo1.maven.org",
  "plugins.gradle.org",
  "services.gradle.org",
  // Ruby, PHP, .NET, Elixir, Haskell, Dart, Perl, R
  "rubygems.org",
  "index.rubygems.org",
  "packagist.org",
  "repo.packagist.org",
  "getcomposer.org",
  "api.nuget.org",
  "repo.hex.pm",
  "hackage.haskell.org",
  "pub.dev",
  "cpan.metacpan.org",
  "cran.r-project.org",
  // Code
  "github.com",
  "api.github.com",
  "codeload.github.com",
  "raw.githubusercontent.com",
  "objects.githubusercontent.com",
  "release-assets.githubusercontent.com",
  "gitlab.com",
  "bitbucket.org",
  "codeberg.org",
  "git.sr.ht",
  // Systems
  "deb.debian.org",
  "security.debian.org",
  "archive.ubuntu.com",
  "security.ubuntu.com",
  "ports.ubuntu.com",
  "dl-cdn.alpinelinux.org",
];
