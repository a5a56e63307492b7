/**
 * The commands that are available now: the palette lists them, their shortcuts run them and `?` shows the shortcuts. A
 * component registers its commands while it is mounted; the last registration of an id wins.
 */
import { useEffect, useSyncExternalStore } from "react";
import type { Messages } from "../i18n/messages.ts";
import { isTyping, strokeOf } from "./keys.ts";

export interface Command {
  readonly id: string;
  readonly group: keyof Messages["app"]["commandGroups"];
  readonly label: (t: Messages) => string;
  /** See keys.ts. The first one is displayed. */
  readonly keys?: readonly string[];
  /** Available by its shortcut only, not in the palette. */
  readonly unlisted?: boolean;
  readonly run: () => void;
}

let current: readonly Command[] = [];
const registered = new Set<readonly Command[]>();
const listeners = new Set<() => void>();

/** `commands` must be the same array as long as nothing in it changes. */
export function useCommands(commands: readonly Command[]): void {
  useEffect(() => {
    registered.add(commands);
    update();
    return () => {
      registered.delete(commands);
      update();
    };
  }, [commands]);
}

export function useAvailableCommands(): readonly Command[] {
  return useSyncExternalStore(subscribe, () => current);
}

/** The time to press the second key of a sequence. */
const sequenceTimeoutMs = 900;

/** Binds the shortcuts; returns a function that removes them. */
export function bindKeys(target: Window): () => void {
  let first = "";
  let resetTimer: ReturnType<typeof setTimeout> | undefined;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    const stroke = strokeOf(event);
    const isPlain = !stroke.startsWith("mod+") && !stroke.startsWith("alt+");
    if (isPlain && (isTyping(event.target) || document.querySelector("[role=dialog]") !== null)) return;
    const sequence = first === "" ? stroke : `${first} ${stroke}`;
    clearTimeout(resetTimer);
    first = "";
    const command = current.findLast(({ keys = [] }) => keys.includes(sequence));
    if (command !== undefined) {
      event.preventDefault();
      return command.run();
    }
    if (!isPlain || !current.some(({ keys = [] }) => keys.some((each) => each.startsWith(`${stroke} `)))) return;
    first = stroke;
    resetTimer = setTimeout(() => (first = ""), sequenceTimeoutMs);
  };
  target.addEventListener("keydown", onKeyDown);
  return () => target.removeEventListener("keydown", onKeyDown);
}

function update(): void {
  current = [...new Map([...registered].flat().map((command) => [command.id, command])).values()];
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
