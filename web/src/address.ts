import { useLayoutEffect, useState } from "preact/hooks";

/** What the page shows, as far as a link can say it: `#section?key=value&key=value`. */
type State = ReadonlyMap<string, string>;

const SECTION = "";
const listeners = new Set<() => void>();
let state: State = parse(location.hash);
let scheduled = 0;
let known = location.hash;

function parse(hash: string): State {
  const [section, query = ""] = hash.slice(1).split("?", 2);
  return new Map([[SECTION, section], ...new URLSearchParams(query)]);
}

function written(): string {
  const others = [...state].filter(([key]) => key !== SECTION);
  const query = new URLSearchParams(others).toString();
  return `#${state.get(SECTION) ?? ""}${query ? `?${query}` : ""}`;
}

function write(): void {
  // The reader has just followed a link: the event that tells of it is on its way.
  if (location.hash !== known) return;
  history.replaceState(null, "", written());
  known = location.hash;
}

window.addEventListener("hashchange", () => {
  window.clearTimeout(scheduled);
  known = location.hash;
  if (known === written()) return;
  state = parse(known);
  for (const listener of listeners) listener();
});

/** The section that the address names; empty where it names none. */
export function section(): string {
  return state.get(SECTION) ?? "";
}

/** Change what a link to the page shows; a value that is null is the default, which links leave out. */
export function change(changes: Readonly<Record<string, string | null>>): void {
  const changed = new Map(state);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) changed.delete(key);
    else changed.set(key, value);
  }
  state = changed;
  for (const listener of listeners) listener();
  // Browsers allow about a hundred changes of the address in half a minute.
  window.clearTimeout(scheduled);
  scheduled = window.setTimeout(write, 300);
}

/** Name the section that the reader is at. */
export function enter(name: string): void {
  change({ [SECTION]: name });
}

/** A value of the address, and how to change it. */
export function useAddress(key: string, usual: string): [string, (value: string) => void] {
  const [value, setValue] = useState(state.get(key) ?? usual);
  // Before the reader can act on what is drawn, so that no change between is missed.
  useLayoutEffect(() => {
    const update = () => setValue(state.get(key) ?? usual);
    listeners.add(update);
    update();
    return () => void listeners.delete(update);
  }, [key, usual]);
  return [value, (next) => change({ [key]: next === usual ? null : next })];
}

/** A whole number of the address between two ends; anything else is the usual one. */
export function useNumber(key: string, usual: number, low: number, high: number): [number, (value: number) => void] {
  const [text, setText] = useAddress(key, String(usual));
  const value = /^-?\d{1,6}$/.test(text) ? Number(text) : usual;
  const bounded = (number: number) => Math.min(Math.max(number, low), high);
  return [bounded(value), (next) => setText(String(bounded(next)))];
}
