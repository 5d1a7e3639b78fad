import type { ComponentChild } from "preact";
import { useNumber } from "../address.ts";
import { useLanguage } from "../language.tsx";
import { ChooseImage } from "../parts/choose-image.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { Picture, type PictureData } from "../parts/picture.tsx";
import { type Pair, paired, TwoCurves, TwoNumbers } from "../parts/two-curves.tsx";
import type { Images } from "../resources.ts";
import { contrastOf, type Study } from "../study.ts";
import { NotStored, View } from "./view.tsx";

const MAIN = "cnn-over-dense-on-shuffled-pixels";

interface Props {
  number: number;
  study: Study;
  images: Images | null;
}

/** Reorder a picture's pixels: the new pixel i is the old one's pixel `order[i]`. */
export function permuted(picture: PictureData, order: readonly number[]): PictureData {
  const { channels, data } = picture;
  const changed = new Float32Array(data.length);
  order.forEach((from, to) => {
    for (let channel = 0; channel < channels; channel += 1) {
      changed[to * channels + channel] = data[from * channels + channel];
    }
  });
  return { ...picture, data: changed };
}

/** Shuffle blocks of pixels, and see which network minds. */
export function Shuffle({ number, study, images }: Props) {
  const { t } = useLanguage();
  const experiment = study.experiments.permutation;
  const whole = study.study.side;
  const pairs = experiment
    ? paired(Object.values(experiment.conditions), (each) => each.data.shuffled_blocks ?? whole)
    : [];
  const verdict = contrastOf(study, "permutation", MAIN)?.verdict;
  const answers: Record<string, string> = { better: "better", worse: "worse", equivalent: "undecided" };
  return (
    <View name="shuffle" number={number} question={t.shuffle.question} lead={t.shuffle.lead}>
      {experiment && pairs.length > 1 ? (
        <Blocks pairs={pairs} study={study} images={images}>
          {(pictures, numbers) => (
            <Guess
              name="shuffle"
              question={t.shuffle.predict}
              options={t.shuffle.options}
              answer={(verdict && answers[verdict]) ?? null}
              between={pictures}
            >
              {numbers}
              <Finding experiment={experiment} names={experiment.contrasts.map((each) => each.name)} />
            </Guess>
          )}
        </Blocks>
      ) : (
        <NotStored experiment="permutation" />
      )}
    </View>
  );
}

interface BlocksProps {
  pairs: readonly Pair[];
  study: Study;
  images: Images | null;
  children(pictures: ComponentChild, numbers: ComponentChild): ComponentChild;
}

function Blocks({ pairs, study, images, children }: BlocksProps) {
  const { t, number } = useLanguage();
  const [chosen, setChosen] = useNumber("block", 0, 0, pairs.length - 1);
  const [index, setIndex] = useNumber("shuffled", 0, 0, (images?.pictures.length ?? 1) - 1);
  const pair = pairs[chosen];
  const text = (block: number) =>
    block === study.study.side ? t.shuffle.whole : t.shuffle.blocks(number(block));
  const picture = images?.pictures[index];
  const order = study.permutations[String(pair.at)];
  const pictures = (
    <>
      <label class="slider wide">
        <span>{t.shuffle.slider}</span>
        <input
          type="range"
          min={0}
          max={pairs.length - 1}
          value={chosen}
          aria-valuetext={text(pair.at)}
          onInput={(event) => setChosen(Number(event.currentTarget.value))}
        />
        <output>{text(pair.at)}</output>
      </label>
      {images && picture && (
        <>
          <div class="three">
            {[
              [t.shuffle.before, picture] as const,
              [t.shuffle.toCnn, order ? permuted(picture, order) : picture] as const,
              [t.shuffle.toDense, picture] as const,
            ].map(([caption, shown]) => (
              <figure key={caption}>
                <Picture picture={shown} label={`${caption}: ${text(pair.at)}`} />
                <figcaption>{caption}</figcaption>
              </figure>
            ))}
          </div>
          <p class="small">{t.shuffle.why}</p>
          <ChooseImage images={images} chosen={index} onChoose={setIndex} />
        </>
      )}
    </>
  );
  const numbers = (
    <>
      <TwoNumbers pair={pair} />
      <TwoCurves
        pairs={pairs}
        chosen={chosen}
        x={{
          title: t.shuffle.x,
          text: (value) => (value === study.study.side ? t.shuffle.wholeShort : number(value)),
          position: Math.log,
        }}
        y={t.shuffle.y}
      />
    </>
  );
  return <>{children(pictures, numbers)}</>;
}
