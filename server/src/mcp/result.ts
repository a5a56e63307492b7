/** What a tool returned, as text and pictures. It is material: nothing in it is ours. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Outcome } from "../tools/tool.ts";

const mostChars = 30_000;
const mostImages = 4;
/** Of all pictures of a result, as data URLs. */
const imageChars = 4 * 1024 * 1024;
const imageTypes: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export function outcomeOf(server: string, name: string, result: CallToolResult): Outcome<"call_tool"> {
  const images: string[] = [];
  let room = imageChars;
  const texts = result.content.map((block) => {
    switch (block.type) {
      case "text":
        return block.text;
      case "image": {
        const url = `data:${block.mimeType};base64,${block.data}`;
        const fits = imageTypes.has(block.mimeType) && isBase64(block.data) && images.length < mostImages;
        if (!fits || url.length > room) return `[A picture (${block.mimeType}) is left out.]`;
        room -= url.length;
        images.push(url);
        return `[A picture: ${block.mimeType}]`;
      }
      case "audio":
        return `[Sound (${block.mimeType}) is left out.]`;
      case "resource_link":
        return `[A resource: ${block.name} ${block.uri}]`;
      case "resource":
        return "text" in block.resource
          ? `[The resource ${block.resource.uri}]\n${block.resource.text}`
          : `[The resource ${block.resource.uri} is no text and is left out.]`;
    }
  });
  const structured = result.structuredContent;
  if (texts.length === 0 && structured !== undefined) texts.push(JSON.stringify(structured, null, 1));
  const whole = texts.join("\n");
  const truncated = whole.length > mostChars;
  return {
    observation: "call_tool",
    content: truncated ? cut(whole) : whole,
    extras: {
      server,
      name,
      ...(result.isError === true ? { is_error: true } : {}),
      ...(truncated ? { truncated } : {}),
      ...(images.length > 0 ? { images } : {}),
    },
  };
}

function cut(text: string): string {
  const half = mostChars / 2;
  return `${text.slice(0, half)}\n[… ${text.length - mostChars} characters are left out …]\n${text.slice(-half)}`;
}

function isBase64(data: string): boolean {
  return data.length <= imageChars && /^[A-Za-z0-9+/]*={0,2}$/.test(data);
}
