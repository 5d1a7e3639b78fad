import { useEffect, useMemo, useState } from "preact/hooks";
import type { Classifier } from "../classifier.ts";
import { largest } from "../forward/tensor.ts";
import { useLanguage } from "../language.tsx";
import type { PictureData } from "../parts/picture.tsx";
import { moved } from "../picture/moved.ts";
import { useNames } from "../yours/context.tsx";

interface Props {
  classifiers: readonly Classifier[];
  picture: PictureData;
  most: number;
}

/** Each network's answer at every place that the garment can have. */
export function Places(props: Props) {
  const { classifiers, picture, most } = props;
  const { t, number, capital } = useLanguage();
  const nameOf = useNames();
  const width = 2 * most + 1;
  // What is asked for one picture and some networks is no answer for others.
  const question = useMemo(() => ({ ...props }), [classifiers, picture, most]);
  const [asked, setAsked] = useState<Props | null>(null);
  const [found, setFound] = useState<{ question: Props; answers: readonly (readonly number[])[] } | null>(null);
  useEffect(() => {
    if (asked !== question) return undefined;
    let current = true;
    answersOf(question, () => current)
      .then((answers) => {
        if (current && answers) setFound({ question, answers });
      })
      .catch((error: unknown) => {
        if (current) throw error; // else a network was taken away meanwhile
      });
    return () => {
      current = false;
    };
  }, [asked, question]);
  const answers = found?.question === question ? found.answers : null;
  const middle = most * width + most;
  return (
    <div class="places">
      <button type="button" onClick={() => setAsked(question)} disabled={asked === question}>
        {t.move.everywhere}
      </button>
      {answers && (
        <>
          <div class="grids">
            {classifiers.map(({ key, role }, index) => {
              const said = answers[index];
              const same = said.filter((each) => each === said[middle]).length;
              return (
                <figure key={key} class={role}>
                  <svg viewBox={`0 0 ${width} ${width}`} aria-hidden="true">
                    {said.map((each, place) => (
                      <circle
                        key={place}
                        class={each === said[middle] ? "same" : "other"}
                        cx={(place % width) + 0.5}
                        cy={Math.floor(place / width) + 0.5}
                        r={0.34}
                      />
                    ))}
                  </svg>
                  <figcaption>
                    {capital(t.move.everywhereText(nameOf(role), number(same), number(said.length)))}
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

/** The class that each network says at each place, row by row; null where they are not wanted any more. */
async function answersOf({ classifiers, picture, most }: Props, wanted: () => boolean): Promise<number[][] | null> {
  const answers: number[][] = classifiers.map(() => []);
  for (let down = -most; down <= most; down += 1) {
    for (const [index, { side, answer }] of classifiers.entries()) {
      const canvases = Array.from({ length: 2 * most + 1 }, (_, column) => moved(picture, side, column - most, down));
      answers[index].push(...(await answer(canvases)).map(({ probabilities }) => largest(probabilities)));
    }
    // One row at a time, so that the page goes on answering.
    await new Promise((resume) => setTimeout(resume));
    if (!wanted()) return null;
  }
  return answers;
}
