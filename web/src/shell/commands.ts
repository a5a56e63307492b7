/**
 * What can be done now, wherever it is offered: the palette lists it, its keys do it, `?` shows them. A component
 * registers its commands for as long as it is there; of one id the last counts.
 */
import { useEffect, useSyncExternalStore } from "react";
import type { Messages } from "../i18n/messages.ts";
import { isTyping, strokeOf } from "./keys.ts";

export interface Command {
  readonly id: string;
  readonly group: keyof Messages["app"]["commandGroups"];
  readonly label: (t: Messages) => string;
  /** See keys.ts; the first is the one that is shown. */
  readonly keys?: readonly string[];
  /** It is bound, but there is no sense in choosing it from a list. */
  readonly unlisted?: boolean;
  readonly run: () => void;
}

let current: readonly Command[] = [];
const registered = new Set<readonly Command[]>();
const listeners = new Set<() => void>();

/** `commands` has to be the same array while nothing in it changes. */
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

/** A second stroke has so long to come. */
const sequenceTimeoutMs = 900;

/** Binds the keys; returns what unbinds them. */
export function bindKeys(target: Window): () => void {
  let first = "";
  let forget: ReturnType<typeof setTimeout> | undefined;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return;
    const stroke = strokeOf(event);
    const plain = !stroke.startsWith("mod+") && !stroke.startsWith("alt+");
    if (plain && (isTyping(event.target) || document.querySelector("[role=dialog]") !== null)) return;
    const sequence = first === "" ? stroke : `${first} ${stroke}`;
    clearTimeout(forget);
    first = "";
    const found = current.findLast(({ keys = [] }) => keys.includes(sequence));
    if (found !== undefined) {
      event.preventDefault();
      return found.run();
    }
    if (!plain || !current.some(({ keys = [] }) => keys.some((each) => each.startsWith(`${stroke} `)))) return;
    first = stroke;
    forget = setTimeout(() => (first = ""), sequenceTimeoutMs);
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
