/** Colours a text, or returns it unchanged where colours are not supported. */
export type Paint = (style: "bold" | "dim" | "red" | "green" | "yellow" | "cyan", text: string) => string;
