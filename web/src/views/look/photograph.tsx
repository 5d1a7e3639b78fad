import { useEffect, useRef, useState } from "preact/hooks";
import { useLanguage } from "../../language.tsx";
import { DropFile } from "../../parts/drop-file.tsx";
import { Picture, type PictureData } from "../../parts/picture.tsx";
import { type Converted, convert, type Form } from "../../picture/convert.ts";
import { decode, PictureError, type Trouble } from "../../picture/decode.ts";
import { type Pixels, thumbnail } from "../../picture/pixels.ts";

const THUMBNAIL = 320; // pixels

/** Pixels as networks take them. */
export function pictureOf({ width, height, channels, data }: Pixels, wanted: number): PictureData {
  const repeated = wanted === 3 && channels === 1;
  return {
    width,
    height,
    channels: wanted === 3 ? 3 : channels,
    data: Float32Array.from({ length: width * height * wanted }, (_, at) => data[repeated ? Math.floor(at / 3) : at] / 255),
  };
}

interface Props {
  form: Form;
  onPicture(picture: PictureData | null): void;
}

/** A photograph from the reader's machine, and how it becomes an image as networks take it. */
export function Photograph({ form, onPicture }: Props) {
  const { t } = useLanguage();
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [converted, setConverted] = useState<Converted | null>(null);
  // Which file was chosen last: one that is decoded later than a newer one is not shown.
  const files = useRef(0);
  useEffect(
    () => () => {
      files.current += 1;
      onPicture(null);
    },
    [],
  );
  const take = async (file: File) => {
    files.current += 1;
    const mine = files.current;
    try {
      const { pixels, original } = await decode(file);
      if (files.current !== mine) return;
      const found = convert(pixels, form);
      const smaller = { kind: "smaller" as const, numbers: original ?? [], pixels };
      setConverted(original ? { ...found, steps: [smaller, ...found.steps] } : found);
      setTrouble(null);
      onPicture(pictureOf(found.pixels, form.channels));
    } catch (error) {
      if (files.current !== mine) return;
      setConverted(null);
      setTrouble(error instanceof PictureError ? error.trouble : "damaged");
      onPicture(null);
    }
  };
  return (
    <div class="photograph">
      <DropFile label={t.look.choosePhoto} accept="image/*" onFile={take} />
      <p class="small">{t.look.photoKept}</p>
      {trouble && (
        <p class="notice" role="alert">
          {t.look.troubles[trouble]}
        </p>
      )}
      {converted && <Steps converted={converted} />}
    </div>
  );
}

function Steps({ converted }: { converted: Converted }) {
  const { t, number } = useLanguage();
  return (
    <>
      <h3>{t.look.conversion}</h3>
      <ol class="steps">
        {converted.steps.map(({ kind, numbers, pixels }) => (
          <li key={kind}>
            <Picture picture={pictureOf(thumbnail(pixels, THUMBNAIL), pixels.channels)} label="" />
            <p class="small">{t.look.steps[kind](...numbers.map((each) => number(each)))}</p>
          </li>
        ))}
      </ol>
      {converted.remarks.map((remark) => (
        <p class="notice" key={remark}>
          {t.look.remarks[remark]}
        </p>
      ))}
      <p class="small">{t.look.exactness}</p>
    </>
  );
}
