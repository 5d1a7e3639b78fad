import { useMemo } from "preact/hooks";
import { change, useNumber } from "../address.ts";
import { kernelOf, run } from "../forward/network.ts";
import { useLanguage } from "../language.tsx";
import { ChooseImage } from "../parts/choose-image.tsx";
import { Finding } from "../parts/finding.tsx";
import { Guess } from "../parts/guess.tsx";
import { Picture } from "../parts/picture.tsx";
import { moved } from "../picture/moved.ts";
import type { Images, Network } from "../resources.ts";
import type { Study } from "../study.ts";
import { channelPicture } from "./maps.tsx";
import { Mark, Pointed } from "./pointed.tsx";
import { View } from "./view.tsx";

interface Props {
  number: number;
  study: Study;
  images: Images | null;
  networks: readonly Network[];
}

/** One convolution, number by number. */
export function Lens({ number, study, images, networks }: Props) {
  const { t, number: write } = useLanguage();
  // The CNN with the smallest pictures, whose pixels are the largest on the screen.
  const [cnn] = networks
    .filter((each) => each.description.role === "cnn")
    .sort((first, second) => first.description.side - second.description.side);
  if (!images || !cnn) {
    return (
      <View name="lens" number={number} question={t.lens.question} lead={t.lens.lead}>
        <p class="notice">{t.lens.needs}</p>
      </View>
    );
  }
  const { side, parameters } = cnn.description;
  const kernel = kernelOf(cnn.layers[firstConvolution(cnn)]);
  const places = side * side;
  const weights = kernel.size * kernel.size * kernel.inputs;
  const options = Object.fromEntries([1, side, places].map((each) => [each, t.lens.options(write(each))]));
  return (
    <View name="lens" number={number} question={t.lens.question} lead={t.lens.lead}>
      <Guess
        name="lens"
        question={t.lens.predict}
        options={options}
        answer={String(places)}
        between={<Window cnn={cnn} images={images} />}
      >
        <p>{t.lens.cost(write(weights), write(places), write(places * places * study.study.channels))}</p>
        <p class="small">
          {t.lens.network(cnn.description.model, write(parameters))} <code>{cnn.description.run}</code>
        </p>
        {study.experiments.sharing && (
          // What using one kernel at all places is worth.
          <Finding
            experiment={study.experiments.sharing}
            names={["sharing-parameter-matched", "sharing-channel-matched"]}
          />
        )}
      </Guess>
    </View>
  );
}

function firstConvolution(network: Network): number {
  return network.layers.findIndex((each) => each.description.kind === "convolution");
}

function Window({ cnn, images }: { cnn: Network; images: Images }) {
  const { t, number } = useLanguage();
  const index = firstConvolution(cnn);
  const layer = cnn.layers[index];
  const kernel = kernelOf(layer);
  const { side } = cnn.description;
  const [chosen, setChosen] = useNumber("lens-image", 0, 0, images.pictures.length - 1);
  const [filter, setFilter] = useNumber("filter", 0, 0, kernel.filters - 1);
  const middle = Math.floor(side / 2);
  const [row] = useNumber("row", middle, 0, side - 1);
  const [column] = useNumber("column", middle, 0, side - 1);
  const place = (down: number, right: number) => {
    const bounded = (value: number) => String(Math.min(Math.max(value, 0), side - 1));
    change({ row: bounded(down), column: bounded(right) });
  };
  const picture = images.pictures[chosen];
  const { map, given } = useMemo(() => {
    const canvas = moved(picture, side, 0, 0);
    const { outputs } = run(cnn.layers.slice(0, index + 1), canvas);
    return { map: outputs[index], given: index > 0 ? outputs[index - 1] : canvas };
  }, [picture, cnn]);
  const half = (kernel.size - 1) / 2;
  const taps = Array.from({ length: kernel.size * kernel.size }, (_, tap) => {
    const [y, x] = [row + Math.floor(tap / kernel.size) - half, column + (tap % kernel.size) - half];
    const inside = y >= 0 && x >= 0 && y < side && x < side;
    // Of the first channel; of coloured pictures the others are added as well.
    const value = inside ? given.data[(y * side + x) * given.channels] : 0;
    const weight = kernel.weights[tap * kernel.inputs * kernel.filters + filter];
    return { value, weight, product: value * weight };
  });
  const sum = taps.reduce((total, each) => total + each.product, 0);
  const bias = kernel.bias[filter];
  const values = map.data.filter((_, at) => at % map.channels === filter);
  const highest = Math.max(...values);
  const shown = moved(picture, side, 0, 0);
  const grid = (caption: string, cells: readonly number[]) => (
    <figure class="grid-of-numbers">
      <figcaption>{caption}</figcaption>
      <table>
        <caption class="hidden">{caption}</caption>
        <tbody>
          {Array.from({ length: kernel.size }, (_, line) => (
            <tr key={line}>
              {cells.slice(line * kernel.size, (line + 1) * kernel.size).map((cell, at) => (
                <td key={at}>{number(cell, 2)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
  return (
    <div class="lens">
      <div class="two-pictures">
        <figure>
          <Pointed
            picture={{ ...shown, channels: picture.channels }}
            label={t.lens.picture}
            row={row}
            column={column}
            size={kernel.size}
            onPlace={place}
          />
          <figcaption>{t.lens.place(number(row + 1), number(column + 1))}</figcaption>
        </figure>
        <figure>
          <div class="marked">
            <Picture picture={channelPicture(map, filter, highest)} label={t.lens.map} />
            <Mark row={row} column={column} size={1} side={side} />
          </div>
          <figcaption>{t.lens.map}</figcaption>
        </figure>
      </div>
      <label class="slider wide">
        <span>{t.lens.filter}</span>
        <input
          type="range"
          min={0}
          max={kernel.filters - 1}
          value={filter}
          onInput={(event) => setFilter(Number(event.currentTarget.value))}
        />
        <output>{t.lens.filterOf(number(filter + 1), number(kernel.filters))}</output>
      </label>
      <div class="sums">
        {grid(t.lens.window, taps.map((each) => each.value))}
        <span aria-hidden="true">×</span>
        {grid(t.lens.kernel, taps.map((each) => each.weight))}
        <span aria-hidden="true">=</span>
        {grid(t.lens.product, taps.map((each) => each.product))}
      </div>
      {kernel.inputs === 1 && (
        <p role="status" class="sum" data-sum={sum + bias}>
          {t.lens.sum(number(sum, 3), number(bias, 3), number(sum + bias, 3))}.{" "}
          {t.lens.relu(number(Math.max(sum + bias, 0), 3))}.
        </p>
      )}
      {kernel.inputs > 1 && <p class="small">{t.lens.colours}</p>}
      {index > 0 && <p class="small">{t.lens.standardised}</p>}
      <ChooseImage images={images} chosen={chosen} onChoose={setChosen} />
    </div>
  );
}
