import { useEffect, useState } from "react";
import { CheckIcon, CopyIcon } from "@primer/octicons-react";
import { useMessages } from "../i18n/i18n.ts";
import { IconButton, type ButtonSize } from "./button.tsx";
import { toastFailure } from "./toast.tsx";

interface CopyButtonProps {
  /** Called on a click. */
  readonly text: () => string;
  readonly label?: string;
  readonly size?: ButtonSize;
  readonly className?: string;
}

export function CopyButton({ text, label, size = "small", className = "" }: CopyButtonProps) {
  const t = useMessages();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      icon={copied ? CheckIcon : CopyIcon}
      label={copied ? t.common.copied : (label ?? t.common.copy)}
      size={size}
      className={className}
      onClick={(event) => {
        event.stopPropagation();
        copyText(text()).then(() => setCopied(true), toastFailure);
      }}
    />
  );
}

/** Browsers offer the clipboard API only over HTTPS and on loopback; elsewhere this falls back to `execCommand`. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
