import { useEffect, useState } from "preact/hooks";
import { run } from "../forward/network.ts";
import { largest } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import type { PictureData } from "../parts/picture.tsx";
import { moved } from "../picture/moved.ts";
import type { Network } from "../resources.ts";

interface Props {
  networks: readonly Network[];
  picture: PictureData;
  side: number;
  most: number;
}

/** Each network's answer at every place that the garment can have. */
export function Places({ networks, picture, side, most }: Props) {
  const { t, number, capital } = useLanguage();
  const width = 2 * most + 1;
  // Of each network one answer per place, as far as they are computed; null before the reader asks.
  const [answers, setAnswers] = useState<number[][] | null>(null);
  useEffect(() => setAnswers(null), [picture]);
  const done = answers?.[0]?.length ?? 0;
  useEffect(() => {
    if (!answers || done >= width * width) return undefined;
    // One row at a time, so that the page goes on answering.
    const frame = requestAnimationFrame(() => {
      const row = done / width;
      const canvases = Array.from({ length: width }, (_, column) =>
        moved(picture, side, column - most, row - most),
      );
      setAnswers(
        networks.map((network, index) => [
          ...answers[index],
          ...canvases.map((canvas) => largest(run(network.layers, canvas).probabilities)),
        ]),
      );
    });
    return () => cancelAnimationFrame(frame);
  }, [answers]);
  const middle = most * width + most;
  return (
    <div class="places">
      <button type="button" onClick={() => setAnswers(networks.map(() => []))} disabled={answers !== null}>
        {t.move.everywhere}
      </button>
      {answers && done === width * width && (
        <>
          <div class="grids">
            {networks.map(({ description }, index) => {
              const found = answers[index];
              const same = found.filter((each) => each === found[middle]).length;
              return (
                <figure key={description.run} class={description.role}>
                  <svg viewBox={`0 0 ${width} ${width}`} aria-hidden="true">
                    {found.map((each, place) => (
                      <circle
                        key={place}
                        class={each === found[middle] ? "same" : "other"}
                        cx={(place % width) + 0.5}
                        cy={Math.floor(place / width) + 0.5}
                        r={0.34}
                      />
                    ))}
                  </svg>
                  <figcaption>
                    {capital(t.move.everywhereText(t[description.role], number(same), number(found.length)))}
                  </figcaption>
                </figure>
              );
            })}
          </div>
          <p class="small">{t.move.everywhereKey}</p>
        </>
      )}
    </div>
  );
}
