import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** An element and its width in pixels, which follows the window. */
export function useWidth<E extends HTMLElement>(usual: number): [RefObject<E | null>, number] {
  const element = useRef<E>(null);
  const [width, setWidth] = useState(usual);
  useLayoutEffect(() => {
    const observed = element.current;
    if (!observed) return undefined;
    const update = () => setWidth(Math.max(240, Math.floor(observed.clientWidth)));
    update();
    const observer = new ResizeObserver(update);
    observer.observe(observed);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
