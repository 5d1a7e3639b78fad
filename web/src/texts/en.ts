/** What one image shows, several of them, and the view in which it is moved: by a neutral word where it is no garment. */
function wordsFor(thing: string): { one: string; many: string; nav: string } {
  return thing === "garment"
    ? { one: "garment", many: "garments", nav: "Move the shoe" }
    : { one: "picture", many: "pictures", nav: "Move the picture" };
}

function listed(views: readonly string[]): string {
  return new Intl.ListFormat("en").format(views.map((each) => `“${each}”`));
}

/** Every sentence of the page in English. Numbers and names come from the study and are put in. */
export const en = (thing: string) => {
  const { one, many, nav } = wordsFor(thing);
  return {
    title: "What does convolution know about images?",
    intro: (dataset: string) =>
      `A dense network treats a picture as a list of numbers. A convolutional network (CNN) assumes two things beforehand: neighbouring pixels belong together, and a pattern means the same wherever it is. Here you can see what these two assumptions buy on ${dataset}, and what they do not. Guess first; then look at many trainings, not at one.`,
    contents: "Questions",
    skip: "Skip to the questions",
    languageLabel: "Language",
    languages: { en: "English", es: "Español" } as Record<string, string>,
    loading: "Loading the study …",
    failed: "The study cannot be shown",
    failedFix:
      "Write the page again with `convbias page`, and open it through a web server: python -m http.server",
    remark: (remark: string) => `These numbers are about ${remark}.`,
    noNetworks:
      "The trained networks cannot be computed with here, so this page shows the stored results only.",
    bareFile:
      "This page was opened as a bare file, and browsers load no networks and images from one. All stored results are here; for the rest, start `python -m http.server` in its folder and open the address that it prints.",
    notStored: "This study has no runs of this experiment:",
    notStoredFix: (experiment: string) =>
      `Train them with \`convbias experiment ${experiment}\`, and write the page again.`,

    guess: "Your guess",
    guessFirst: "What do you expect?",
    skipGuess: "Show without guessing",
    again: "Guess again",
    right: "You expected that.",
    wrong: "You expected something else.",
    noGuess: "Shown without a guess.",
    undecidedGuess: "The study has not decided this yet.",

    finding: "What the study found",
    minus: (treatment: string, baseline: string) => `${treatment}, compared with ${baseline}`,
    pairs: (n: string) => `${n} pairs of seeds`,
    overBoth: "95 % interval over new seeds and new test images",
    overSeeds: "95 % interval over new seeds",
    pValue: (p: string, comparisons: number) =>
      comparisons > 1 ? `p ${p}, corrected for ${comparisons} comparisons` : `p ${p}`,
    to: "to",
    runs: (n: string) => `The ${n} runs behind it`,
    remarks: {} as Record<string, string>,
    notShown: "Not shown",
    notShownOf: (_title: string, text: string) => text,
    verdicts: {
      better: "better",
      worse: "worse",
      equivalent: "equivalent",
      undecided: "undecided",
      "depends on the learning rate": "depends on the learning rate",
      exploratory: "exploratory",
    } as Record<string, string>,
    units: {} as Record<string, string>,
    questions: {
      "locality-parameter-matched":
        "With equally many weights: is a network more accurate when its units see only their neighbourhood?",
      "sharing-parameter-matched":
        "With equally many weights: is a network more accurate when all positions share one kernel?",
      "averaging-parameter-matched":
        "With equally many weights: is a network more accurate with a global average before the dense layers?",
      "locality-channel-matched":
        "With equally many filters: is a network more accurate when its units see only their neighbourhood?",
      "sharing-channel-matched":
        "With equally many filters: is a network more accurate when all positions share one kernel?",
      "averaging-channel-matched":
        "With equally many filters: is a network more accurate with a global average before the dense layers?",
    } as Record<string, string>,
    condition: (name: string) => {
      const known = name === "circular polyphase cnn" ? "CNN that cannot flip" : name;
      return known
        .replace(/^classic (.*)$/, "$1 with Keras’ defaults")
        .replace(/\bdense\b/, "dense network")
        .replace(/\bcnn(-3x3)?\b/, "CNN");
    },
    classes: {} as Record<string, string>,
    asTable: "The same numbers as a table",
    meanAndInterval: "mean [95 % interval]",
    points: "percentage points",
    chooseImage: "Choose a picture",
    image: (label: string, index: string) => `${label}, test image ${index}`,
    seeds: (n: string) => `${n} seeds`,
    dense: "dense network",
    cnn: "CNN",
    steady: "CNN that cannot flip",
    named: (name: string) => `“${name}”`,
    ofTheStudy: (name: string) => `What follows is about the study’s own networks, not about ${name}.`,
    noClassMap: (name: string) =>
      `${name} does not end in a global average and dense layers that the page can read, so there is no map that adds up to its score.`,

    move: {
      nav,
      question: `What happens when a ${one} moves?`,
      lead: `Drag the ${one}, or move it with the arrow keys. The pixels are the same; only their place changes.`,
      predict: `Who keeps the answer when the ${one} is somewhere else?`,
      options: {
        cnn: "The CNN, more often",
        dense: "The dense network, more often",
        equal: "Both about equally often",
      } as Record<string, string>,
      canvas: `Canvas with the ${one}. Arrow keys move it by one pixel.`,
      right: "Right",
      down: "Down",
      reset: "Back to the middle",
      position: (right: string, down: string) => `${right} to the right, ${down} down`,
      flips: (flips: string, moves: string) => `Changed its answer ${flips} times in ${moves} moves`,
      isRight: "right",
      isWrong: "wrong",
      truth: (label: string) => `It is: ${label}`,
      layer: "Feature maps of the CNN",
      layers: {
        conv_1: "after the 1st convolution",
        pool_1: "after the 1st pooling",
        conv_2: "after the 2nd convolution",
        pool_2: "after the 2nd pooling",
      } as Record<string, string>,
      maps: `The strongest feature maps. They move with the ${one}.`,
      units: (n: string) => `The ${n} units of the dense network’s first layer. They do not move, they change.`,
      noMaps: (name: string) =>
        `${name} stands in place of the CNN; feature maps can be shown of the study’s own networks only.`,
      noUnits: (name: string) =>
        `${name} stands in place of the dense network; units can be shown of the study’s own networks only.`,
      steadyWhy:
        "The CNN that cannot flip continues the image beyond its frame, and chooses which pixels to keep by their strength. Nothing in it depends on the place, so it cannot change its answer.",
      evidence: "Where the answer comes from",
      evidenceLabel: (name: string, label: string) => `${name}: squares that speak for and against ${label}`,
      evidenceSum: (name: string, label: string, sum: string, rest: string, score: string) =>
        `${name}, ${label}: squares ${sum}, rest ${rest}, score ${score}`,
      evidenceText:
        "Orange squares speak for the answer, blue ones against it. All squares and the rest add up to the network’s score exactly; nothing is estimated.",
      missing: (name: string) => `${name}: its network is not stored, so only its numbers are shown below.`,
      flipTable: "Chance that a step of one pixel changes the answer",
      network: "Network",
      cut: "These networks take images without a margin, so what leaves the frame is lost.",
      trained: (epochs: string, accuracy: string) => `${epochs} epochs, test accuracy ${accuracy} %.`,
      repeated: (accuracies: string) =>
        `These networks were trained again for the page, on another machine. With the same seed, the study’s own networks have: ${accuracies}.`,
      accuracyOf: (network: string, accuracy: string) => `${network} ${accuracy} %`,
      everywhere: "Try every place",
      everywhereText: (name: string, same: string, all: string) =>
        `${name}: the answer of the middle at ${same} of ${all} places`,
      everywhereKey: "Filled: the same answer as in the middle. Empty: another one.",
    },
    shift: {
      nav: "Draw the curve",
      question: "How fast does accuracy fall when test images are shifted?",
      lead: (most: string) =>
        `The study’s networks here were trained on ${many} in the middle. At test time the ${many} are shifted by up to ${most} pixels. Draw what you expect: drag across the chart, or move the points with the arrow keys.`,
      drawFor: "You draw the curve for:",
      point: (network: string, shift: string) => `Your guess for the ${network} at a shift of ${shift} pixels`,
      compare: "Compare with the study",
      clear: "Draw again",
      x: "Distance of the shift (pixels)",
      y: "Test accuracy (%)",
      yours: (network: string) => `your curve: ${network}`,
      off: (points: string) => `Your curve is ${points} percentage points off on average.`,
      fall: (network: string, from: string, to: string, fall: string) =>
        `${network}: from ${from} % in the middle to ${to} % at the largest shift, ${fall} points less.`,
      band: "Lines are means over seeds, bands their 95 % intervals.",
      measuring: (name: string, rival: string) =>
        `${name} is being measured. As soon as there is something to show, it takes the place of the ${rival} here.`,
    },
    luck: {
      nav: "Is it luck?",
      question: "One training is one draw. How many does it take to be sure?",
      lead: "Each seed trains both networks anew: other initial weights, another order of images. Draw seeds, and watch how the interval narrows and the verdict settles.",
      predict: "Trained with Keras’ default settings instead of searched ones: which network is more accurate?",
      options: {
        cnn: "The CNN",
        dense: "The dense network",
        equal: "Neither, clearly",
      } as Record<string, string>,
      recipe: "Trained with:",
      recipes: { tuned: "searched learning rates", classic: "Keras’ defaults" } as Record<string, string>,
      one: "Draw one seed",
      three: "Draw three",
      all: "Draw all",
      over: "Start over, in another order",
      drawn: (n: string, all: string) => `${n} of ${all} seeds`,
      none: "No seed is drawn yet.",
      standing: (difference: string) => `CNN minus dense network so far: ${difference}.`,
      interval: (low: string, high: string) => `95 % interval ${low} to ${high}`,
      tooFew: (n: string) =>
        `With fewer than ${n} seeds no difference is certain, however large: the signs could all agree by chance.`,
      verdicts: {
        better: "the CNN is more accurate",
        worse: "the dense network is more accurate",
        undecided: "undecided",
      } as Record<string, string>,
      x: "Seeds drawn",
      y: "CNN minus dense (points)",
      dots: "Dots are single seeds; the line is their mean so far, the band its 95 % interval.",
      alone: "The verdict while you draw is for this difference alone. The published one below is also corrected for the other comparisons of its experiment.",
    },
    images: {
      nav: "How many images?",
      question: "How many images is the assumption worth?",
      lead: (least: string, most: string) =>
        `Both networks were trained on ${least} to ${most} images, with equally many steps. Move the slider.`,
      predict: (n: string) => `With only ${n} training images: which network is more accurate?`,
      slider: "Training images",
      value: (n: string) => `${n} images`,
      x: "Training images",
      y: "Test accuracy (%)",
      difference: (difference: string, low: string, high: string) =>
        `CNN minus dense network: ${difference} points over the seeds (95 % interval ${low} to ${high}).`,
      needs: (cnnImages: string, low: string, high: string) =>
        `To be as accurate as the CNN with ${cnnImages} images, the dense network needs between ${low} and ${high}.`,
      beyond: (cnnImages: string, most: string) =>
        `What the CNN reaches with ${cnnImages} images, the dense network does not reach with ${most}.`,
      before: (cnnImages: string, least: string) =>
        `What the CNN reaches with ${cnnImages} images, the dense network exceeds already with ${least}.`,
    },
    shuffle: {
      nav: "Shuffle the pixels",
      question: "What if neighbours are no longer neighbours?",
      lead: "All images are cut into blocks, and the blocks are shuffled, in the same way in every image. Both networks are trained again on the shuffled images.",
      predict: "When single pixels are shuffled, how does the CNN do against the dense network?",
      options: {
        better: "Still ahead",
        worse: "Behind",
        undecided: "About as accurate",
      } as Record<string, string>,
      slider: "Side of the blocks (pixels)",
      whole: "not shuffled",
      wholeShort: "whole",
      blocks: (n: string) => `blocks of ${n} x ${n} pixels`,
      before: "The picture",
      toCnn: "What the CNN is given",
      toDense: "What the dense network may as well be given",
      why: "A dense network has one weight for each pixel and does not know which pixels are neighbours. To it a shuffled picture is the same picture with other names for the pixels.",
      x: "Side of the shuffled blocks (pixels)",
      y: "Test accuracy (%)",
    },
    lens: {
      nav: "Under the lens",
      question: "What does one convolution compute?",
      lead: "Point at a pixel, or move the window with the arrow keys. The numbers in the window are multiplied by the kernel and added up; the result is one pixel of the feature map. Then the window moves on, and the kernel stays.",
      predict: "At how many places of the picture is this one kernel used?",
      options: (places: string) => `At ${places}`,
      picture: "Picture with the window. Arrow keys move it by one pixel.",
      map: "Feature map",
      filter: "Kernel",
      filterOf: (n: string, all: string) => `${n} of ${all}`,
      window: "Window",
      kernel: "Kernel",
      product: "Product",
      sum: (sum: string, bias: string, total: string) => `Sum of the products ${sum}, plus ${bias}: ${total}`,
      relu: (value: string) => `Negative sums become 0 (ReLU): ${value}`,
      place: (row: string, column: string) => `Row ${row}, column ${column}`,
      cost: (weights: string, places: string, dense: string) =>
        `One kernel has ${weights} weights, and uses them at ${places} places. A dense network would need ${dense} weights to give such a map.`,
      network: (model: string, parameters: string) => `Network ${model}, ${parameters} weights in all, run`,
      colours:
        "These are the numbers of the red channel. Green and blue have weights of their own, and their products are added as well.",
      standardised: "Before, the network subtracts the mean brightness and divides by the spread, so black is negative.",
      needs: "This view computes with a CNN, and no network can be loaded here.",
    },
    untie: {
      nav: "Untie the weights",
      question: "Which of the assumptions is worth most?",
      lead: "A convolution is a dense layer with restrictions: units see only their neighbourhood, all of them share one kernel, and at the end each kernel’s outputs are averaged. Move the slider from one restriction to the next.",
      predict: (equal: string) => `With equally many ${equal}: which step gains the most accuracy?`,
      options: {
        locality: "Seeing only the neighbourhood",
        sharing: "Sharing one kernel",
        averaging: "Averaging over all places",
      } as Record<string, string>,
      slider: "Restrictions",
      rungs: {
        dense: "dense: everything with everything",
        local: "only neighbours",
        shared: "neighbours, one kernel for all",
        averaged: "one kernel, then the average",
      } as Record<string, string>,
      short: { dense: "dense", local: "neighbours", shared: "shared", averaged: "averaged" } as Record<string, string>,
      pictures: {
        dense: "Each unit below is connected with all above.",
        local: "Each unit is connected with its neighbours, by weights of its own.",
        shared: "All units have the same weights, drawn in the same colours.",
        averaged: "All units have the same weights, and their mean goes on.",
      } as Record<string, string>,
      lines: (lines: string, weights: string) => `Here: ${lines} connections, ${weights} different weights.`,
      equal: "Held equal:",
      ladders: { "parameter-matched": "weights", "channel-matched": "filters" } as Record<string, string>,
      size: (weights: string, filters: string) =>
        filters ? `The trained network: ${weights} weights, ${filters} filters.` : `The trained network: ${weights} weights.`,
      accuracy: (rung: string, accuracy: string) => `Test accuracy, ${rung}: ${accuracy} %`,
      y: "Test accuracy (%)",
      denseFilters:
        "What units of a dense network’s first layer look for: one weight for every pixel, orange above zero, blue below it.",
      sharedFilters:
        "The kernels that a CNN’s first layer moves over the picture: orange weights are above zero, blue ones below it.",
      filtersOf: "Run of this network, which need not be one of those compared here:",
      noFilters: "No network with these connections is stored here, so its filters cannot be shown.",
    },
    kernel: {
      nav: "The kernel",
      question: "Is a larger kernel better?",
      lead: "A larger kernel sees more at once. It also has more weights and takes more arithmetic. So the study compares kernels in three ways: with equally many filters, weights, or multiplications.",
      predict: "With equally many filters: which kernel is the most accurate?",
      size: "Kernel",
      equal: "Held equal:",
      matchings: {
        "equal width": "filters",
        "equal parameters": "weights",
        "equal multiply-adds": "multiplications",
      } as Record<string, string>,
      best: (size: string) => `Highest mean at equal filters: ${size}.`,
      parameters: "Weights",
      multiplyAdds: "Multiplications per image",
      accuracy: "Test accuracy",
      field: (theory: string, half: string) =>
        `A unit of the last map sees ${theory} x ${theory} pixels; half of its influence comes from the inner ${half} x ${half}.`,
      fieldUnknown: "How much a unit uses of what it sees was not measured for this kernel.",
      fieldPicture: "Field of a unit on the picture: outer square what it can see, inner square half of its influence",
      x: "Side of the kernel (pixels)",
      y: "Test accuracy (%)",
      without: "1x1 kernels, which see no neighbours, are in the table only.",
    },
    look: {
      nav: "What it looks at",
      question: "What does the network look at?",
      lead: "Take a test image, draw one, bring a photograph, or use your camera. Each network answers, and shows which pixels its answer comes from. Then cover a part, and see what changes.",
      predict:
        "In training, images of one class are always in one corner and those of another in the opposite one; in the test they exchange corners. What does the CNN go by?",
      options: {
        appearance: "By what is shown, wherever it is",
        place: "By the corner, whatever is in it",
      } as Record<string, string>,
      elsewhere: "Accuracy when the two classes exchange corners",
      needs: "This view computes with networks, and none can be loaded here.",
      oneNetwork:
        "The maps above show one network of each kind, so they are no finding: another training may look at other pixels. What the study measured over many trainings is whether networks look at the thing or at its place.",
      source: "Picture:",
      sources: {
        test: "a test image",
        sketch: "drawn by you",
        photo: "a photograph",
        camera: "the camera",
      } as Record<string, string>,
      given: "What the networks are given",
      speaksFor: "Evidence for",
      ownAnswer: "each network’s own answer",
      sketch: "Canvas to draw on. Arrow keys move the pen, space draws, shift and an arrow key draw a line.",
      sketchKeys:
        "Draw with mouse, finger or pen; or with arrow keys: space draws a dot, shift and an arrow key a line.",
      erase: "Erase instead",
      clear: "Empty the canvas",
      choosePhoto: "Choose a photograph, or drop one here:",
      photoKept: "PNG, JPEG, WebP, BMP or GIF, of which the first picture is taken. It stays on your machine.",
      conversion: "How it becomes an image as the networks were trained on",
      steps: {
        given: (width: string, height: string) => `As decoded, upright: ${width} × ${height} pixels`,
        smaller: (width: string, height: string) =>
          `The file has ${width} × ${height} pixels; your browser made it smaller while it decoded it`,
        grey: () => "Made grey: 0.299 red + 0.587 green + 0.114 blue",
        negated: (median: string) =>
          `Negated, because the background is light: the median of the outermost pixels is ${median} of 255`,
        dark: (median: string) => `Not negated: the background is dark, ${median} of 255`,
        cropped: (width: string, height: string) =>
          `Cropped to what is shown: edges within 5 % of the background are cut off, ${width} × ${height} pixels are left`,
        square: (side: string) => `The centred square cut out: ${side} × ${side} pixels`,
        resized: (width: string, height: string) => `Resized to ${width} × ${height} pixels with Lanczos’ filter`,
        padded: (side: string, background: string) =>
          `Extended to ${side} × ${side} pixels with the background’s grey, ${background}`,
      } as Record<string, (...numbers: string[]) => string>,
      remarks: {
        empty: "The picture shows only background.",
        light: "The background is not black, as in the images on which the networks were trained.",
      } as Record<string, string>,
      exactness:
        "These are the steps of `convbias explain`. From pixels that are decoded alike they give the same image; decoders may differ, for JPEG files and transparent parts by a few grey values.",
      troubles: {
        kind: "This is no PNG, JPEG, WebP, BMP or GIF file. Open it in a program that shows it, and save it as PNG.",
        bytes: "This file has more than 50 MB. Make the picture smaller; networks see far fewer pixels.",
        pixels: "This picture has more than 50 million pixels. Make it smaller; networks see far fewer.",
        damaged: "This picture is damaged: it cannot be decoded, or it ends too early. Save it again.",
      } as Record<string, string>,
      cameraStart: "Switch the camera on",
      cameraStop: "Switch the camera off",
      cameraPicture: "Picture of the camera",
      cameraKept:
        "Your browser asks you first. Pictures are neither stored nor sent, and the camera is switched off when you leave this view.",
      cameraTroubles: {
        refused: "The browser does not allow the camera. Allow it for this page in the browser’s settings, or choose another picture.",
        missing:
          "No camera can be used. Browsers give one only to pages from this machine or with an encrypted connection.",
      } as Record<string, string>,
      cover: "Cover a part",
      coverKeys: "Picture with the square that covers it. Arrow keys move the square by one pixel.",
      patch: "Side of the square",
      covered: (network: string, label: string, before: string, after: string, answer: string) =>
        `${network}: its score for ${label} goes from ${before} to ${after}; its answer is then ${answer}.`,
      coverAll: "Cover every place",
      coverMost: (network: string, most: string, row: string, column: string) =>
        `${network}: covering costs most, ${most}, at row ${row}, column ${column}`,
      coverKey:
        "Orange: covering this place lowers the score, so the network needs it. Blue: covering it raises the score.",
    },
    bring: {
      nav: "Your network",
      question: "What does your own network do?",
      lead: "Bring a classifier of these images as an ONNX file. It takes the place of the CNN or of the dense network in three other views, and is measured here. It stays on your machine.",
      predict: (most: string) =>
        `Where will your network’s accuracy be when test images are shifted by ${most} pixels?`,
      options: {
        below: "Below both networks of the study",
        between: "Between them",
        above: "Above both",
      } as Record<string, string>,
      unmeasured: "Your network is not measured yet: choose its file above.",
      unfinished: "Your network’s measurement is not complete yet.",
      needs: "This view needs test images, and none can be loaded here.",
      add: "This page was written without ONNX Runtime, which computes foreign networks and is larger than all the rest. To add it, get its package with `npm pack onnxruntime-web@1.30.0`, and write the page again with `convbias page --onnx-runtime onnxruntime-web-1.30.0.tgz`.",
      choose: "Choose an ONNX file, or drop one here:",
      form: (first: string, second: string, classes: string) =>
        `It takes ${first} or ${second} numbers from 0 (black) to 1, and gives logits or probabilities of ${classes} classes in the order of this page, as \`convbias export\` writes it.`,
      opening: "Opening the network …",
      opened: (name: string, shape: string) => `${name} takes ${shape} numbers.`,
      probabilities: "It gives probabilities; as scores, other views take the logarithm of the odds against all other classes.",
      logits: "It gives logits.",
      troubles: {
        bytes: () => "This file has more than 100 MB, which is too large for this page.",
        runtime: (found: string) =>
          `ONNX Runtime cannot be loaded here (${found}). The page needs a web server and a browser with WebAssembly.`,
        unreadable: (found: string) =>
          `This network cannot be computed: ${found}. Export it as one ONNX file, with standard operators and its weights inside.`,
        input: (found: string, shapes: string) =>
          `This network’s input is ${found}. Expected is one input of float32: ${shapes}.`,
        output: (found: string, _shapes: string, classes: string) =>
          `This network’s output is ${found}. Expected is float32 [N, ${classes}].`,
        classes: (found: string, _shapes: string, classes: string) =>
          `This network tells ${found} classes apart, and these images have ${classes}.`,
        numbers: () => "This network gives numbers that are not finite for test images, so it has no answer.",
      } as Record<string, (found: string, shapes: string, classes: string) => string>,
      inPlace: "In place of the:",
      stands: (name: string, rival: string, views: readonly string[]) =>
        `${name} stands in place of the ${rival} in ${listed(views)}. What the study found is still about its own networks.`,
      remove: (rival: string) => `Take it away, and bring the ${rival} back`,
      loadingSample: "Loading more test images …",
      measuring: (done: string, all: string) => `${done} of ${all} answers`,
      fewer:
        "The larger sample of test images cannot be loaded, so the network is measured on the few that this page shows, and its interval is wide. Write the page again with `convbias page`.",
      table: "Accuracy by shift (%)",
      here: (name: string, images: string) => `${name}, on ${images} test images [95 % interval]`,
      stored: (network: string) => `${network}, as stored [95 % interval over seeds]`,
      limits:
        "Your network was measured here, once, on test images that this page holds, each shifted in one of eight directions; its interval (Wilson) is over images. Its images have no margin, so what is shifted out of the frame is lost; the stored networks were measured on a larger canvas. It is no verdict.",
      cut: "Computed by ONNX Runtime. Its images have no margin, so what leaves the frame is lost.",
    },
    footer: {
      source: (title: string, source: string) => `${title}: ${source}.`,
      made: (name: string) =>
        `Every number comes from stored runs of the study “${name}”, which convbias trained and judged. Nothing is sent from this page.`,
    },
  };
};

export type Texts = ReturnType<typeof en>;
