/**
 * xterm.js writes its styles into `<style>` elements, which our security policy takes for what they are: inline styles. In the document
 * that it is given here, an element that is asked for as "style" is an empty one whose text becomes a style sheet made by script, which
 * the policy lets through because no markup can make one.
 */
export function styleFreeDocument(real: Document = document): Document {
  return new Proxy(real, {
    get(target, name) {
      if (name === "createElement") {
        return (tag: string, options?: ElementCreationOptions) =>
          tag === "style" ? sheetElement(target) : target.createElement(tag, options);
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

function sheetElement(real: Document): HTMLElement {
  const element = real.createElement("span");
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
