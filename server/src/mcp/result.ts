/** The result of a tool as text and images. Everything in it is untrusted. */
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import type { Outcome } from "../tools/tool.ts";

const maxChars = 30_000;
const maxImages = 4;
/** For all images of a result together, as data URLs. */
const maxImageChars = 4 * 1024 * 1024;
const imageTypes: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);

export function outcomeOf(server: string, name: string, result: CallToolResult): Outcome<"call_tool"> {
  const images: string[] = [];
  let charsLeft = maxImageChars;
  const texts = result.content.map((block) => {
    switch (block.type) {
      case "text":
        return block.text;
      case "image": {
        const url = `data:${block.mimeType};base64,${block.data}`;
        const fits = imageTypes.has(block.mimeType) && isBase64(block.data) && images.length < maxImages;
        if (!fits || url.length > charsLeft) return `[image (${block.mimeType}) omitted]`;
        charsLeft -= url.length;
        images.push(url);
        return `[image: ${block.mimeType}]`;
      }
      case "audio":
        return `[audio (${block.mimeType}) omitted]`;
      case "resource_link":
        return `[resource: ${block.name} ${block.uri}]`;
      case "resource":
        return "text" in block.resource
          ? `[resource: ${block.resource.uri}]\n${block.resource.text}`
          : `[binary resource omitted: ${block.resource.uri}]`;
    }
  });
  const structured = result.structuredContent;
  if (texts.length === 0 && structured !== undefined) texts.push(JSON.stringify(structured, null, 1));
  const text = texts.join("\n");
  const truncated = text.length > maxChars;
  return {
    observation: "call_tool",
    content: truncated ? cut(text) : text,
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
  const half = maxChars / 2;
  return `${text.slice(0, half)}\n[… ${text.length - maxChars} characters omitted …]\n${text.slice(-half)}`;
}

function isBase64(data: string): boolean {
  return data.length <= maxImageChars && /^[A-Za-z0-9+/]*={0,2}$/.test(data);
}
