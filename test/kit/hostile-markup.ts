/**
 * Markdown, HTML and SVG that try to fetch and to run something, with addresses of a server that counts requests. The path
 * of each address, and the visible text, say where it comes from.
 */

/** Visible text, so that a test knows that the content was shown. */
export const mark = "CANARY";

/** HTML and SVG that fetch and run; the path of a request names the element. */
export function markup(base: string, of: string): string {
  const at = `${base}/${of}`;
  const run = `window.ran=1;fetch('${at}/ran')`;
  return [
    `<img src="${at}/img" onerror="${run}">`,
    `<iframe src="${at}/iframe"></iframe><iframe srcdoc="<script>${run}</script>"></iframe>`,
    `<iframe src="data:text/html,<script>fetch('${at}/data')</script>"></iframe>`,
    `<object data="${at}/object"></object><embed src="${at}/embed">`,
    `<link rel=stylesheet href="${at}/link"><link rel=prefetch href="${at}/prefetch"><link rel=dns-prefetch href="${at}/dns">`,
    `<style>@import url(${at}/import); body { background: url(${at}/css) }</style>`,
    `<p style="background: url(${at}/style)">${mark}-${of}</p>`,
    svg(base, of),
    `<a href="javascript:${run}">a link</a>`,
    `<script>${run}</script><script src="${at}/script"></script>`,
    `<meta http-equiv=refresh content="0;url=${at}/refresh">`,
  ].join("\n");
}

export function visited(base: string): string {
  const words = `${mark}-page is what this page says, in a sentence that is long enough to be read. `.repeat(9);
  return `<!doctype html><html><head><title>${mark}-head &lt;img src=${base}/page/title&gt;</title></head><body><article><p>${words}</p>${markup(base, "page")}</article></body></html>`;
}

export function svg(base: string, of: string): string {
  const at = `${base}/${of}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="window.ran=1" width="9" height="9">`,
    `<title>${mark}-${of}</title><image href="${at}/svg-image"/><image xlink:href="${at}/svg-xlink"/><use href="${at}/svg-use#a"/>`,
    `<style>@import url(${at}/svg-import);</style><script>window.ran=1;fetch('${at}/svg-script')</script>`,
    `<foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="${at}/svg-foreign"/></foreignObject></svg>`,
  ].join("");
}

/** Markdown that contains the markup. */
export function all(base: string, of: string): string {
  const at = `${base}/${of}`;
  return [
    `${mark}-${of} ![a picture](${at}/md) ![by reference][ref] [a link](javascript:window.ran=1) <${at}/auto>`,
    `[data](data:text/html,<script>window.ran=1</script>) ![data](data:image/svg+xml,${encodeURIComponent(svg(base, of))})`,
    `\n[ref]: ${at}/reference\n`,
    `\`\`\`html\n<img src="${at}/fenced">\n\`\`\``,
    markup(base, of),
  ].join("\n");
}
