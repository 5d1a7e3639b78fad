import type { LayerDescription } from "./forward/network.ts";

/** The newest form of `study.json` that this page reads. */
const FORMAT = 2;

export type Ends = readonly [number, number];

export interface Values {
  readonly seeds: readonly number[];
  readonly bySeed: readonly number[];
  readonly mean: number;
  readonly interval: Ends | null;
}

export interface Condition {
  readonly model: {
    readonly family: "dense" | "cnn";
    readonly kernel_size?: number;
    readonly dilation?: number;
    readonly filters?: readonly number[];
  };
  readonly data: { readonly training_images: number | null; readonly shuffled_blocks?: number };
  readonly epochs: number;
  readonly parameters: number | null;
  readonly multiplyAdds: number;
  readonly runs: readonly string[];
  readonly values: Readonly<Record<string, Values>>;
}

export type Verdict =
  | "better"
  | "worse"
  | "equivalent"
  | "undecided"
  | "depends on the learning rate"
  | "exploratory";

export interface Contrast {
  readonly name: string;
  readonly question: string;
  readonly treatment: string;
  readonly baseline: string;
  readonly quantity: {
    readonly name: string;
    readonly noun: string;
    readonly unit: string;
    readonly scale: number;
    readonly digits: number;
    readonly margin: number;
    readonly higherIsBetter: boolean;
  };
  readonly n: number;
  readonly seeds: readonly number[];
  readonly difference: number;
  readonly interval: Ends | null;
  readonly overImages: boolean;
  readonly seedsInterval: Ends | null;
  readonly pValue: number;
  readonly adjustedPValue: number;
  readonly comparisons: number;
  readonly alpha: number;
  readonly verdict: Verdict;
  readonly runs: readonly string[];
  readonly remarks: readonly string[];
}

export interface Experiment {
  readonly title: string;
  readonly notShown: string;
  readonly conditions: Readonly<Record<string, Condition>>;
  readonly contrasts: readonly Contrast[];
}

/** The two kinds of networks that the study compares. */
export const RIVALS = ["dense", "cnn"] as const;
export type Rival = (typeof RIVALS)[number];

export type Role = Rival | "steady";

export interface NetworkDescription {
  readonly role: Role;
  readonly run: string;
  readonly model: string;
  readonly file: string;
  readonly side: number;
  readonly channels: number;
  readonly parameters: number;
  readonly epochs: number;
  readonly testAccuracy: number | null;
  /** Of the study's own training of this arm and seed, where the network is from another one. */
  readonly studyAccuracy: number | null;
  readonly layers: readonly LayerDescription[];
}

export interface Study {
  readonly format: number;
  readonly study: {
    readonly name: string;
    readonly dataset: string;
    readonly title: string;
    readonly remark: string | null;
    readonly source: string;
    readonly classes: readonly string[];
    /** What one image shows, in English. */
    readonly thing: string;
    readonly side: number;
    readonly channels: number;
    /** How pictures become images as the networks take them. */
    readonly conversion: "light-on-black" | "centred-square";
  };
  readonly images: {
    readonly file: string;
    readonly indices: readonly number[];
    readonly labels: readonly number[];
  };
  /** More test images, which are loaded where a reader's network is measured. */
  readonly sample: { readonly file: string; readonly images: number };
  readonly networks: readonly NetworkDescription[];
  /** Whether ONNX Runtime lies beside the page. */
  readonly onnxRuntime: boolean;
  readonly permutations: Readonly<Record<string, readonly number[]>>;
  readonly experiments: Readonly<Record<string, Experiment | undefined>>;
}

declare global {
  // Set by `study.js` where the page is opened as a bare file.
  var study: unknown;
}

/**
 * Read the numbers of the study.
 *
 * @throws Error if they are missing, damaged, or written for another version of the page.
 */
export async function loadStudy(): Promise<Study> {
  const found = location.protocol === "file:" ? await fromScript() : await (await get("study.json")).json();
  if (typeof found !== "object" || found === null || (found as Study).format !== FORMAT) {
    throw new Error("study.json is not of the form that this page reads");
  }
  return found as Study;
}

function fromScript(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "study.js";
    script.onload = () => resolve(globalThis.study);
    script.onerror = () => reject(new Error("study.js is missing"));
    document.head.append(script);
  });
}

/**
 * Fetch a file of the page's own folder.
 *
 * @throws Error if it is missing.
 */
export async function get(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** A contrast of an experiment by name; undefined where the study lacks it. */
export function contrastOf(study: Study, experiment: string, name: string): Contrast | undefined {
  return study.experiments[experiment]?.contrasts.find((each) => each.name === name);
}
