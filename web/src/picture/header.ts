/** What the first bytes of a picture file say, before anything is decoded. */
export interface Header {
  readonly width: number;
  readonly height: number;
  /** Whether the file ends where its format says; true where that cannot be seen. */
  readonly complete: boolean;
}

/** The size of a PNG, JPEG, WebP, BMP or GIF file; null where it is none of these. */
export function readHeader(bytes: Uint8Array): Header | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = (text: string, at = 0) => [...text].every((each, index) => bytes[at + index] === each.charCodeAt(0));
  try {
    if (starts("\x89PNG\r\n\x1a\n")) return png(view);
    if (starts("\xff\xd8\xff")) return jpeg(view);
    if (starts("GIF8")) {
      const complete = bytes.lastIndexOf(0x3b) >= bytes.length - 8;
      return { width: view.getUint16(6, true), height: view.getUint16(8, true), complete };
    }
    if (starts("RIFF") && starts("WEBP", 8)) return webp(view);
    if (starts("BM")) {
      const complete = bytes.length >= view.getUint32(2, true);
      return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)), complete };
    }
  } catch (error) {
    if (error instanceof RangeError) return { width: 0, height: 0, complete: false }; // it ends within its header
    throw error;
  }
  return null;
}

function png(view: DataView): Header {
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  let at = 8;
  let complete = false;
  while (at + 12 <= view.byteLength && !complete) {
    complete = view.getUint32(at + 4) === 0x49454e44; // IEND
    at += 12 + view.getUint32(at);
  }
  return { width, height, complete };
}

function jpeg(view: DataView): Header {
  let at = 2;
  for (;;) {
    const marker = view.getUint16(at);
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) break;
    at += 2 + view.getUint16(at + 2);
  }
  let end = view.byteLength - 2;
  while (end > at && view.getUint16(end) !== 0xffd9) end -= 1; // the end of the image
  return { width: view.getUint16(at + 7), height: view.getUint16(at + 5), complete: end > at };
}

function webp(view: DataView): Header {
  const complete = view.byteLength >= view.getUint32(4, true) + 8;
  const kind = view.getUint32(12);
  if (kind === 0x56503858) {
    // VP8X: sizes of 24 bits
    const [width, height] = [view.getUint32(24, true) & 0xffffff, view.getUint32(26, true) >>> 8];
    return { width: width + 1, height: height + 1, complete };
  }
  if (kind === 0x5650384c) {
    // VP8L: sizes of 14 bits
    const bits = view.getUint32(21, true);
    return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff), complete };
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, complete };
}
