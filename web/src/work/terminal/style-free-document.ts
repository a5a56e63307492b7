/**
 * xterm.js writes its styles into `<style>` elements and `style` attributes, which the content security policy forbids as
 * inline styles. Here a created "style" element is an empty element whose text becomes a constructed style sheet, and a
 * `style` attribute is set by script. The policy allows both, because markup cannot create them.
 */

/** For the option `documentOverride`: the renderer creates its elements in it. */
export function styleFreeDocument(real: Document = document): Document {
  const createElement = creator(real);
  return new Proxy(real, {
    get(target, name) {
      if (name === "createElement") return createElement;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/** The renderer creates some elements in the page's document regardless of the option; `make` runs with that one patched. */
export function withoutStyles(make: () => void, real: Document = document): void {
  const own = creator(real);
  real.createElement = own;
  try {
    make();
  } finally {
    Reflect.deleteProperty(real, "createElement");
  }
}

function creator(real: Document): (tag: string, options?: ElementCreationOptions) => HTMLElement {
  const create = Document.prototype.createElement.bind(real);
  return (tag, options) => {
    if (tag === "style") return sheetElement(real, create("span"));
    const element = create(tag, options);
    if (tag === "span") element.setAttribute = setAttribute;
    return element;
  };
}

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

function sheetElement(real: Document, element: HTMLElement): HTMLElement {
  element.hidden = true;
  const sheet = new CSSStyleSheet();
  real.adoptedStyleSheets = [...real.adoptedStyleSheets, sheet];
  let text = "";
  Object.defineProperty(element, "textContent", {
    get: () => text,
    set: (css: string) => {
      text = css;
      sheet.replaceSync(css);
    },
  });
  element.remove = () => {
    real.adoptedStyleSheets = real.adoptedStyleSheets.filter((each) => each !== sheet);
    HTMLElement.prototype.remove.call(element);
  };
  return element;
}
