/** The sixteen terminal colours for light and dark backgrounds; all of them are readable there. */
import type { ITheme } from "@xterm/xterm";

const light: ITheme = {
  black: "#1b1e22",
  red: "#ad231c",
  green: "#146c43",
  yellow: "#7d4e00",
  blue: "#2b57a6",
  magenta: "#8a2f8f",
  cyan: "#0b6b75",
  white: "#62676e",
  brightBlack: "#62676e",
  brightRed: "#c9342c",
  brightGreen: "#1a8455",
  brightYellow: "#946000",
  brightBlue: "#3a6cc4",
  brightMagenta: "#a044a5",
  brightCyan: "#0f7f8a",
  brightWhite: "#1b1e22",
};

const dark: ITheme = {
  black: "#3d434b",
  red: "#f48b82",
  green: "#5cc98f",
  yellow: "#e3b04b",
  blue: "#8db4f5",
  magenta: "#d99be0",
  cyan: "#53cdbb",
  white: "#c3c3c1",
  brightBlack: "#979ca3",
  brightRed: "#ffaaa2",
  brightGreen: "#82dfae",
  brightYellow: "#f2c873",
  brightBlue: "#aecaff",
  brightMagenta: "#ecbcf1",
  brightCyan: "#7fe3d4",
  brightWhite: "#ffffff",
};

/** Background and foreground come from the styles of `element`. `chosen`: the theme; "system" is derived from the background. */
export function themeOf(element: Element, chosen: "system" | "light" | "dark"): ITheme {
  const { backgroundColor, color } = getComputedStyle(element);
  const isDark = chosen === "system" ? luminance(backgroundColor) < luminance(color) : chosen === "dark";
  return {
    ...(isDark ? dark : light),
    background: backgroundColor,
    foreground: color,
    cursor: isDark ? "#53cdbb" : "#0b6b62",
    cursorAccent: backgroundColor,
    selectionBackground: isDark ? "#53cdbb44" : "#0b6b6233",
  };
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
