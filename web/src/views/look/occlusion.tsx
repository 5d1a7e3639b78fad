import { useEffect, useMemo, useState } from "preact/hooks";
import { useNumber } from "../../address.ts";
import type { Answer, Classifier } from "../../classifier.ts";
import { largest, type Tensor } from "../../forward/tensor.ts";
import { useLanguage } from "../../language.tsx";
import { Picture, type PictureData } from "../../parts/picture.tsx";
import { moved } from "../../picture/moved.ts";
import { useNames } from "../../yours/context.tsx";
import { evidencePicture } from "../evidence.tsx";
import { Pointed } from "../pointed.tsx";
import { covered, hides } from "./covered.ts";

const SIZES = { low: 3, usual: 5, high: 13 } as const;
const PATIENCE = 25; // milliseconds of computing before the page may answer again

interface Props {
  classifiers: readonly Classifier[];
  /** What each says of the whole picture. */
  whole: readonly Answer[];
  picture: PictureData;
  classes: readonly string[];
  /** Class whose score is shown; null for each network's own answer. */
  label: number | null;
}

/** What networks say of a picture, a part of which is covered. */
interface Covering {
  readonly classifiers: readonly Classifier[];
  readonly picture: PictureData;
  readonly answers: readonly Answer[];
}

function placed(picture: PictureData, { side }: Classifier): Tensor {
  return moved(picture, side, 0, 0);
}

/** Cover a part of the picture and see what that changes. */
export function Occlusion({ classifiers, whole, picture, classes, label }: Props) {
  const { t, number, capital } = useLanguage();
  const nameOf = useNames();
  const [size, setSize] = useNumber("patch", SIZES.usual, SIZES.low, SIZES.high);
  const middle = picture.height >> 1;
  const [row, setRow] = useNumber("patch-row", middle, 0, picture.height - 1);
  const [column, setColumn] = useNumber("patch-column", middle, 0, picture.width - 1);
  const [covering, setCovering] = useState<Covering | null>(null);
  const hidden = covered(picture, row, column, size);
  useEffect(() => {
    let current = true;
    Promise.all(classifiers.map((each) => each.answer([placed(hidden, each)])))
      .then((answers) => {
        if (current) setCovering({ classifiers, picture, answers: answers.map(([first]) => first) });
      })
      .catch((error: unknown) => {
        if (current) throw error; // else a network was taken away meanwhile
      });
    return () => {
      current = false;
    };
  }, [classifiers, picture, row, column, size]);
  // What was found for another picture or for other networks is not compared with these.
  const after = covering?.picture === picture && covering.classifiers === classifiers ? covering.answers : null;
  const scored = classifiers.map((_, index) => label ?? largest(whole[index].probabilities));
  return (
    <div class="occlusion">
      <h3>{t.look.cover}</h3>
      <div class="covering">
        <figure>
          <Pointed
            picture={hidden}
            label={t.look.coverKeys}
            row={row}
            column={column}
            size={size}
            onPlace={(down, right) => {
              setRow(down);
              setColumn(right);
            }}
          />
          <figcaption>{t.lens.place(number(row + 1), number(column + 1))}</figcaption>
        </figure>
        <div>
          <label class="slider wide">
            <span>{t.look.patch}</span>
            <input
              type="range"
              min={SIZES.low}
              max={SIZES.high}
              step={2}
              value={size}
              onInput={(event) => setSize(Number(event.currentTarget.value))}
            />
            <output>{number(size)}</output>
          </label>
          <div role="status">
            {after &&
              classifiers.map((each, index) => {
                const at = scored[index];
                const [before, now] = [whole[index].scores[at], after[index].scores[at]];
                const said = (one: number) => t.classes[classes[one]] ?? classes[one];
                return (
                  <p key={each.key} data-drop={before - now}>
                    {capital(
                      t.look.covered(
                        nameOf(each.role),
                        said(at),
                        number(before, 2),
                        number(now, 2),
                        said(largest(after[index].probabilities)),
                      ),
                    )}
                  </p>
                );
              })}
          </div>
          <EveryPlace {...{ classifiers, whole, picture, scored, size }} />
        </div>
      </div>
    </div>
  );
}

interface EveryPlaceProps {
  classifiers: readonly Classifier[];
  whole: readonly Answer[];
  picture: PictureData;
  /** The class of each network whose score is shown. */
  scored: readonly number[];
  size: number;
}

/** By how much each network's score falls when the square is at a place, for all places. */
function EveryPlace(props: EveryPlaceProps) {
  const { classifiers, picture, scored, size } = props;
  const { t, number, capital } = useLanguage();
  const nameOf = useNames();
  const { height, width } = picture;
  // What is asked for one picture, square and class is no answer for others.
  const question = useMemo(() => ({ ...props }), [classifiers, picture, size, scored.join(" ")]);
  const [asked, setAsked] = useState<EveryPlaceProps | null>(null);
  const [found, setFound] = useState<{ question: EveryPlaceProps; drops: readonly Float32Array[] } | null>(null);
  const [done, setDone] = useState(0);
  const wanted = asked === question;
  useEffect(() => {
    if (!wanted) return undefined;
    let current = true;
    setDone(0);
    dropsOf(question, (place) => {
      if (current) setDone(place);
      return current;
    })
      .then((drops) => {
        if (current && drops) setFound({ question, drops });
      })
      .catch((error: unknown) => {
        if (current) throw error; // else a network was taken away meanwhile
      });
    return () => {
      current = false;
    };
  }, [wanted, question]);
  const drops = found?.question === question ? found.drops : null;
  return (
    <div class="places">
      <button type="button" onClick={() => setAsked(question)} disabled={wanted}>
        {t.look.coverAll}
      </button>
      {wanted && !drops && <progress max={height * width} value={done} aria-label={t.look.coverAll} />}
      {drops && (
        <>
          <div class="grids">
            {classifiers.map((each, index) => {
              const most = drops[index].reduce((best, value, at) => (value > drops[index][best] ? at : best), 0);
              const text = capital(
                t.look.coverMost(
                  nameOf(each.role),
                  number(drops[index][most], 2),
                  number(Math.floor(most / width) + 1),
                  number((most % width) + 1),
                ),
              );
              return (
                <figure key={each.key} data-most={drops[index][most]}>
                  <Picture picture={evidencePicture(height, width, drops[index])} label={text} />
                  <figcaption>{text}</figcaption>
                </figure>
              );
            })}
          </div>
          <p class="small">{t.look.coverKey}</p>
        </>
      )}
    </div>
  );
}

/**
 * What each network's score loses at each place; null where that is not wanted any more.
 *
 * @param onPlace told now and then how many places are done; says whether to go on.
 */
async function dropsOf(
  { classifiers, whole, picture, scored, size }: EveryPlaceProps,
  onPlace: (place: number) => boolean,
): Promise<Float32Array[] | null> {
  const { height, width } = picture;
  const drops = classifiers.map(() => new Float32Array(height * width));
  let started = performance.now();
  for (let place = 0; place < height * width; place += 1) {
    const [row, column] = [Math.floor(place / width), place % width];
    // Black that is covered with black changes nothing.
    if (!hides(picture, row, column, size)) continue;
    const hidden = covered(picture, row, column, size);
    for (const [index, each] of classifiers.entries()) {
      const [answer] = await each.answer([placed(hidden, each)]);
      drops[index][place] = whole[index].scores[scored[index]] - answer.scores[scored[index]];
    }
    if (performance.now() - started > PATIENCE) {
      if (!onPlace(place)) return null;
      await new Promise((resume) => setTimeout(resume));
      started = performance.now();
    }
  }
  return drops;
}
