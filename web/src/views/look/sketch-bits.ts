/** Which pixels of a sketch are drawn, as a link writes it: eight to a byte, in base 64 for addresses. */
export function writeBits(drawn: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(drawn.length / 8));
  drawn.forEach((each, at) => {
    if (each) bytes[at >> 3] |= 1 << (at & 7);
  });
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The sketch that a link describes; an empty one where it describes none of this size. */
export function readBits(text: string, pixels: number): Uint8Array {
  const drawn = new Uint8Array(pixels);
  if (text.length !== Math.ceil((Math.ceil(pixels / 8) * 4) / 3) || !/^[\w-]*$/.test(text)) return drawn;
  const bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  drawn.forEach((_, at) => {
    drawn[at] = (bytes.charCodeAt(at >> 3) >> (at & 7)) & 1;
  });
  return drawn;
}
