import type { Texts } from "./en.ts";

/** What one image shows, and several: both feminine, so that the sentences fit; see the English file. */
function wordsFor(thing: string): { one: string; many: string; nav: string } {
  return thing === "garment"
    ? { one: "prenda", many: "prendas", nav: "Mueva el zapato" }
    : { one: "imagen", many: "imágenes", nav: "Mueva la imagen" };
}

function listed(views: readonly string[]): string {
  return new Intl.ListFormat("es").format(views.map((each) => `«${each}»`));
}

/** Every sentence of the page in Spanish. */
export const es = (thing: string): Texts => {
  const { one, many, nav } = wordsFor(thing);
  return {
    title: "¿Qué sabe la convolución de las imágenes?",
    intro: (dataset) =>
      `Una red densa trata una imagen como una lista de números. Una red convolucional (CNN) supone dos cosas de antemano: que los píxeles vecinos van juntos y que un patrón significa lo mismo en cualquier lugar. Aquí se ve qué aportan estas dos suposiciones en ${dataset}, y qué no. Primero adivine; después mire muchos entrenamientos, no uno solo.`,
    contents: "Preguntas",
    skip: "Ir a las preguntas",
    languageLabel: "Idioma",
    languages: { en: "English", es: "Español" },
    loading: "Cargando el estudio …",
    failed: "No se puede mostrar el estudio",
    failedFix:
      "Vuelva a escribir la página con `convbias page` y ábrala desde un servidor web: python -m http.server",
    remark: (remark) => `Estos números se refieren a otros datos (${remark}).`,
    noNetworks:
      "Aquí no se puede calcular con las redes entrenadas; la página muestra solo los resultados guardados.",
    bareFile:
      "Esta página se abrió como archivo suelto, y así los navegadores no cargan redes ni imágenes. Todos los resultados guardados están aquí; para lo demás, ejecute `python -m http.server` en su carpeta y abra la dirección que muestra.",
    notStored: "Este estudio no tiene entrenamientos de este experimento:",
    notStoredFix: (experiment) =>
      `Entrénelos con \`convbias experiment ${experiment}\` y vuelva a escribir la página.`,

    guess: "Su predicción",
    guessFirst: "¿Qué espera usted?",
    skipGuess: "Mostrar sin adivinar",
    again: "Adivinar otra vez",
    right: "Es lo que esperaba.",
    wrong: "Esperaba otra cosa.",
    noGuess: "Mostrado sin predicción.",
    undecidedGuess: "El estudio aún no lo ha decidido.",

    finding: "Lo que encontró el estudio",
    minus: (treatment, baseline) => `${treatment}, frente a ${baseline}`,
    pairs: (n) => `${n} pares de semillas`,
    overBoth: "intervalo del 95 % sobre nuevas semillas y nuevas imágenes de prueba",
    overSeeds: "intervalo del 95 % sobre nuevas semillas",
    pValue: (p, comparisons) =>
      comparisons > 1 ? `p ${p}, corregida por ${comparisons} comparaciones` : `p ${p}`,
    to: "a",
    runs: (n) => `Los ${n} entrenamientos que hay detrás`,
    remarks: {
      "The contrast was added after these runs had been trained, so only new seeds can decide it.":
        "La comparación se añadió después de estos entrenamientos; solo nuevas semillas pueden decidirla.",
    },
    notShown: "No demostrado",
    notShownOf: (title, text) => NOT_SHOWN[title] ?? text,
    verdicts: {
      better: "mejor",
      worse: "peor",
      equivalent: "equivalente",
      undecided: "sin decidir",
      "depends on the learning rate": "depende de la tasa de aprendizaje",
      exploratory: "exploratorio",
    },
    units: { "percentage points": "puntos porcentuales" },
    questions: {
      "cnn-more-consistent":
        "¿Conserva la CNN su respuesta ante desplazamientos más a menudo que la red densa?",
      "polyphase-over-circular":
        "¿Se conservan más respuestas si la propia imagen elige qué píxeles se mantienen?",
      "cnn-over-shift-trained-dense":
        "¿La conserva también más a menudo que una red densa entrenada con desplazamientos?",
      "blur-over-max-pooling": "¿Conserva más respuestas un filtro de paso bajo antes de submuestrear?",
      "cnn-over-dense-accuracy": "¿Clasifica bien más imágenes de prueba la CNN de 3x3 que la red densa?",
      "cnn-over-dense-accuracy-classic": "¿También con los valores por defecto de Keras?",
      "cnn-over-dense-with-100-images": "¿Acierta más la CNN con 100 imágenes?",
      "cnn-over-dense-with-1000-images": "¿Acierta más la CNN con 1.000 imágenes?",
      "cnn-over-dense-with-10000-images": "¿Acierta más la CNN con 10.000 imágenes?",
      "cnn-loses-by-shuffling-pixels": "¿Acierta menos la CNN si se barajan los píxeles?",
      "dense-loses-nothing-by-shuffling-pixels": "¿Acierta igual la red densa si se barajan los píxeles?",
      "cnn-over-dense-on-shuffled-pixels":
        "¿Sigue la CNN por delante de la red densa con los píxeles barajados?",
      "locality-channel-matched": "Con iguales filtros: ¿acierta más si las unidades ven solo su entorno?",
      "sharing-channel-matched": "Con iguales filtros: ¿acierta más si todos los lugares comparten un núcleo?",
      "averaging-channel-matched":
        "Con iguales filtros: ¿acierta más con una media global antes de las capas densas?",
      "locality-parameter-matched": "Con iguales pesos: ¿acierta más si las unidades ven solo su entorno?",
      "sharing-parameter-matched": "Con iguales pesos: ¿acierta más si todos los lugares comparten un núcleo?",
      "averaging-parameter-matched":
        "Con iguales pesos: ¿acierta más con una media global antes de las capas densas?",
      "averaging-forgets-more-than-flattening":
        "¿Depende menos del lugar una CNN con media global que una con aplanado?",
      "averaging-forgets-all": "¿Acierta la CNN tanto como si se hubiera entrenado en las dos esquinas?",
      "circular-padding-forgets-more":
        "¿Depende menos del lugar la CNN con relleno circular, que oculta el marco?",
      "5x5-over-3x3-at-equal-width": "Con igual número de filtros, ¿acierta más 5x5 que 3x3?",
      "5x5-over-7x7-at-equal-width": "Con igual número de filtros, ¿acierta más 5x5 que 7x7?",
      "5x5-over-3x3-at-equal-parameters": "Con igual número de pesos, ¿acierta más 5x5 que 3x3?",
      "5x5-over-7x7-at-equal-parameters": "Con igual número de pesos, ¿acierta más 5x5 que 7x7?",
      "5x5-over-3x3-at-equal-multiply-adds":
        "Con igual número de multiplicaciones, ¿acierta más 5x5 que 3x3?",
      "5x5-over-7x7-at-equal-multiply-adds":
        "Con igual número de multiplicaciones, ¿acierta más 5x5 que 7x7?",
      "5x5-over-dilated-3x3":
        "¿Acierta más un núcleo de 5x5 que uno de 3x3 repartido sobre el mismo cuadrado?",
    },
    condition: (name) => {
      const known = name === "circular polyphase cnn" ? "la CNN que no puede cambiar" : name;
      return known
        .replace(/^classic (.*)$/, "$1 con los valores de Keras")
        .replace(/^circular cnn$/, "la CNN circular")
        .replace(/ trained with shifts$/, " entrenada con desplazamientos")
        .replace(/ with blur-pool$/, " con filtro antes de submuestrear")
        .replace(/ with flatten$/, " con aplanado")
        .replace(/ trained in both corners$/, " entrenada en las dos esquinas")
        .replace(/ with strides$/, " con pasos de dos píxeles")
        .replace(/ on blocks of (\d+)$/, " con bloques de $1")
        .replace(/ on whole images$/, " con imágenes enteras")
        .replace(/ on ([\d,]+) images$/, (_, images: string) => ` con ${images.replace(",", ".")} imágenes`)
        .replace(/ \(matched\)$/, " (con iguales pesos)")
        .replace(/^local \+ flatten/, "conexión local y aplanado")
        .replace(/^convolution \+ flatten/, "convolución y aplanado")
        .replace(/^convolution \+ average/, "convolución y media")
        .replace(/ at equal width$/, " con iguales filtros")
        .replace(/ at equal parameters$/, " con iguales pesos")
        .replace(/ at equal multiply-adds$/, " con iguales multiplicaciones")
        .replace(/ spread over /, " repartido sobre ")
        .replace(/\bdense\b/, "la red densa")
        .replace(/(?<!la )\b(?:cnn(?:-3x3)?)\b/, "la CNN");
    },
    classes: {
      "T-shirt": "Camiseta",
      Trouser: "Pantalón",
      Pullover: "Jersey",
      Dress: "Vestido",
      Coat: "Abrigo",
      Sandal: "Sandalia",
      Shirt: "Camisa",
      Sneaker: "Zapatilla",
      Bag: "Bolso",
      "Ankle Boot": "Botín",
    },
    asTable: "Los mismos números en una tabla",
    meanAndInterval: "media [intervalo del 95 %]",
    points: "puntos porcentuales",
    chooseImage: "Elija una imagen",
    image: (label, index) => `${label}, imagen de prueba ${index}`,
    seeds: (n) => `${n} semillas`,
    dense: "red densa",
    cnn: "CNN",
    steady: "CNN que no puede cambiar",
    named: (name) => `«${name}»`,
    ofTheStudy: (name) => `Lo que sigue trata de las redes del propio estudio, no de ${name}.`,
    noClassMap: (name) =>
      `${name} no termina en una media global y capas densas que la página pueda leer, así que no hay un mapa que sume su puntuación.`,

    move: {
      nav,
      question: `¿Qué pasa cuando una ${one} se mueve?`,
      lead: `Arrastre la ${one} o muévala con las flechas del teclado. Los píxeles son los mismos; solo cambia su lugar.`,
      predict: `¿Quién conserva la respuesta cuando la ${one} está en otro lugar?`,
      options: {
        cnn: "La CNN, más a menudo",
        dense: "La red densa, más a menudo",
        equal: "Las dos más o menos igual",
      },
      canvas: `Lienzo con la ${one}. Las flechas la mueven un píxel.`,
      right: "Derecha",
      down: "Abajo",
      reset: "Volver al centro",
      position: (right, down) => `${right} a la derecha, ${down} abajo`,
      flips: (flips, moves) => `Cambió su respuesta ${flips} veces en ${moves} movimientos`,
      isRight: "acierta",
      isWrong: "falla",
      truth: (label) => `Es: ${label}`,
      layer: "Mapas de características de la CNN",
      layers: {
        conv_1: "tras la 1.ª convolución",
        pool_1: "tras la 1.ª agrupación",
        conv_2: "tras la 2.ª convolución",
        pool_2: "tras la 2.ª agrupación",
      },
      maps: `Los mapas más fuertes. Se mueven con la ${one}.`,
      units: (n) => `Las ${n} unidades de la primera capa de la red densa. No se mueven: cambian.`,
      noMaps: (name) =>
        `${name} ocupa el lugar de la CNN; solo se pueden mostrar mapas de características de las redes del propio estudio.`,
      noUnits: (name) =>
        `${name} ocupa el lugar de la red densa; solo se pueden mostrar unidades de las redes del propio estudio.`,
      steadyWhy:
        "La CNN que no puede cambiar continúa la imagen más allá de su borde y elige por su intensidad qué píxeles conserva. Nada en ella depende del lugar, así que no puede cambiar su respuesta.",
      evidence: "De dónde viene la respuesta",
      evidenceLabel: (name, label) => `${name}: cuadros a favor y en contra de ${label}`,
      evidenceSum: (name, label, sum, rest, score) =>
        `${name}, ${label}: cuadros ${sum}, resto ${rest}, puntuación ${score}`,
      evidenceText:
        "Los cuadros naranjas hablan a favor de la respuesta; los azules, en contra. Todos los cuadros y el resto suman exactamente la puntuación de la red; nada es estimado.",
      missing: (name) => `${name}: su red no está guardada; abajo están solo sus números.`,
      flipTable: "Probabilidad de que un paso de un píxel cambie la respuesta",
      network: "Red",
      cut: "Estas redes toman imágenes sin margen, así que lo que sale del marco se pierde.",
      trained: (epochs, accuracy) => `${epochs} épocas, exactitud de prueba ${accuracy} %.`,
      repeated: (accuracies) =>
        `Estas redes se entrenaron otra vez para la página, en otra máquina. Con la misma semilla, las del estudio tienen: ${accuracies}.`,
      accuracyOf: (network, accuracy) => `${network} ${accuracy} %`,
      everywhere: "Probar todos los lugares",
      everywhereText: (name, same, all) => `${name}: la respuesta del centro en ${same} de ${all} lugares`,
      everywhereKey: "Lleno: la misma respuesta que en el centro. Vacío: otra.",
    },
    shift: {
      nav: "Dibuje la curva",
      question: "¿Cuánto baja la exactitud al desplazar las imágenes de prueba?",
      lead: (most) =>
        `Estas redes del estudio se entrenaron con ${many} centradas. En la prueba, las ${many} se desplazan hasta ${most} píxeles. Dibuje lo que espera: arrastre sobre el gráfico o mueva los puntos con las flechas.`,
      drawFor: "Dibuja la curva de:",
      point: (network, shift) => `Su predicción para la ${network} con un desplazamiento de ${shift} píxeles`,
      compare: "Comparar con el estudio",
      clear: "Dibujar otra vez",
      x: "Distancia del desplazamiento (píxeles)",
      y: "Exactitud de prueba (%)",
      yours: (network) => `su curva: ${network}`,
      off: (points) => `Su curva se desvía ${points} puntos porcentuales en promedio.`,
      fall: (network, from, to, fall) =>
        `${network}: de ${from} % en el centro a ${to} % en el mayor desplazamiento, ${fall} puntos menos.`,
      band: "Las líneas son medias sobre semillas; las bandas, sus intervalos del 95 %.",
      measuring: (name, rival) =>
        `${name} se está midiendo. En cuanto haya algo que mostrar, ocupará aquí el lugar de la ${rival}.`,
    },
    luck: {
      nav: "¿Es suerte?",
      question: "Un entrenamiento es un sorteo. ¿Cuántos hacen falta para estar seguros?",
      lead: "Cada semilla entrena las dos redes de nuevo: otros pesos iniciales, otro orden de las imágenes. Saque semillas y vea cómo se estrecha el intervalo y se asienta el veredicto.",
      predict: "Con los valores por defecto de Keras en lugar de tasas buscadas, ¿qué red acierta más?",
      options: { cnn: "La CNN", dense: "La red densa", equal: "Ninguna claramente" },
      recipe: "Entrenadas con:",
      recipes: { tuned: "tasas de aprendizaje buscadas", classic: "valores por defecto de Keras" },
      one: "Sacar una semilla",
      three: "Sacar tres",
      all: "Sacar todas",
      over: "Empezar de nuevo, en otro orden",
      drawn: (n, all) => `${n} de ${all} semillas`,
      none: "Aún no se ha sacado ninguna semilla.",
      standing: (difference) => `CNN menos red densa hasta ahora: ${difference}.`,
      interval: (low, high) => `intervalo del 95 %: ${low} a ${high}`,
      tooFew: (n) =>
        `Con menos de ${n} semillas ninguna diferencia es segura, por grande que sea: los signos podrían coincidir por azar.`,
      verdicts: {
        better: "la CNN acierta más",
        worse: "la red densa acierta más",
        undecided: "sin decidir",
      },
      x: "Semillas sacadas",
      y: "CNN menos densa (puntos)",
      dots: "Los puntos son semillas; la línea, su media hasta ahora; la banda, su intervalo del 95 %.",
      alone:
        "El veredicto mientras saca semillas es el de esta diferencia por sí sola. El publicado está además corregido por las otras comparaciones de su experimento.",
    },
    images: {
      nav: "¿Cuántas imágenes?",
      question: "¿Cuántas imágenes vale la suposición?",
      lead: (least, most) =>
        `Las dos redes se entrenaron con entre ${least} y ${most} imágenes, con igual número de pasos. Mueva el control.`,
      predict: (n) => `Con solo ${n} imágenes de entrenamiento, ¿qué red acierta más?`,
      slider: "Imágenes de entrenamiento",
      value: (n) => `${n} imágenes`,
      x: "Imágenes de entrenamiento",
      y: "Exactitud de prueba (%)",
      difference: (difference, low, high) =>
        `CNN menos red densa: ${difference} puntos sobre las semillas (intervalo del 95 %: ${low} a ${high}).`,
      needs: (cnnImages, low, high) =>
        `Para acertar tanto como la CNN con ${cnnImages} imágenes, la red densa necesita entre ${low} y ${high}.`,
      beyond: (cnnImages, most) =>
        `Lo que la CNN alcanza con ${cnnImages} imágenes, la red densa no lo alcanza con ${most}.`,
      before: (cnnImages, least) =>
        `Lo que la CNN alcanza con ${cnnImages} imágenes, la red densa lo supera ya con ${least}.`,
    },
    shuffle: {
      nav: "Baraje los píxeles",
      question: "¿Y si los vecinos ya no son vecinos?",
      lead: "Todas las imágenes se cortan en bloques, y los bloques se barajan igual en cada imagen. Las dos redes se entrenan de nuevo con las imágenes barajadas.",
      predict: "Con los píxeles barajados uno a uno, ¿cómo queda la CNN frente a la red densa?",
      options: { better: "Sigue por delante", worse: "Por detrás", undecided: "Más o menos igual" },
      slider: "Lado de los bloques (píxeles)",
      whole: "sin barajar",
      wholeShort: "entera",
      blocks: (n) => `bloques de ${n} x ${n} píxeles`,
      before: "La imagen",
      toCnn: "Lo que recibe la CNN",
      toDense: "Lo que la red densa podría igualmente recibir",
      why: "Una red densa tiene un peso por cada píxel y no sabe qué píxeles son vecinos. Para ella, una imagen barajada es la misma imagen con otros nombres para los píxeles.",
      x: "Lado de los bloques barajados (píxeles)",
      y: "Exactitud de prueba (%)",
    },
    lens: {
      nav: "Bajo la lupa",
      question: "¿Qué calcula una convolución?",
      lead: "Señale un píxel o mueva la ventana con las flechas. Los números de la ventana se multiplican por el núcleo y se suman; el resultado es un píxel del mapa. Después la ventana avanza y el núcleo sigue siendo el mismo.",
      predict: "¿En cuántos lugares de la imagen se usa este mismo núcleo?",
      options: (places) => `En ${places}`,
      picture: "Imagen con la ventana. Las flechas la mueven un píxel.",
      map: "Mapa de características",
      filter: "Núcleo",
      filterOf: (n, all) => `${n} de ${all}`,
      window: "Ventana",
      kernel: "Núcleo",
      product: "Producto",
      sum: (sum, bias, total) => `Suma de los productos ${sum}, más ${bias}: ${total}`,
      relu: (value) => `Las sumas negativas pasan a 0 (ReLU): ${value}`,
      place: (row, column) => `Fila ${row}, columna ${column}`,
      cost: (weights, places, dense) =>
        `Un núcleo tiene ${weights} pesos y los usa en ${places} lugares. Una red densa necesitaría ${dense} pesos para dar un mapa así.`,
      network: (model, parameters) => `Red ${model}, ${parameters} pesos en total, entrenamiento`,
      colours:
        "Estos son los números del canal rojo. El verde y el azul tienen sus propios pesos, y sus productos también se suman.",
      standardised:
        "Antes, la red resta el brillo medio y divide por la dispersión; por eso el negro es negativo.",
      needs: "Esta vista calcula con una CNN, y aquí no se puede cargar ninguna red.",
    },
    untie: {
      nav: "Desate los pesos",
      question: "¿Cuál de las suposiciones vale más?",
      lead: "Una convolución es una capa densa con restricciones: cada unidad ve solo su entorno, todas comparten un núcleo y al final se promedian las salidas de cada núcleo. Mueva el control de una restricción a la siguiente.",
      predict: (equal) => `Con iguales ${equal}, ¿qué paso gana más exactitud?`,
      options: {
        locality: "Ver solo el entorno",
        sharing: "Compartir un núcleo",
        averaging: "Promediar sobre todos los lugares",
      },
      slider: "Restricciones",
      rungs: {
        dense: "densa: todo con todo",
        local: "solo vecinos",
        shared: "vecinos, un núcleo para todos",
        averaged: "un núcleo y después la media",
      },
      short: { dense: "densa", local: "vecinos", shared: "un núcleo", averaged: "media" },
      pictures: {
        dense: "Cada unidad de abajo está conectada con todas las de arriba.",
        local: "Cada unidad está conectada con sus vecinas, con pesos propios.",
        shared: "Todas las unidades tienen los mismos pesos, dibujados con los mismos colores.",
        averaged: "Todas las unidades tienen los mismos pesos, y su media sigue adelante.",
      },
      lines: (lines, weights) => `Aquí: ${lines} conexiones, ${weights} pesos distintos.`,
      equal: "Se mantiene igual:",
      ladders: { "parameter-matched": "pesos", "channel-matched": "filtros" },
      size: (weights, filters) =>
        filters ? `La red entrenada: ${weights} pesos, ${filters} filtros.` : `La red entrenada: ${weights} pesos.`,
      accuracy: (rung, accuracy) => `Exactitud de prueba, ${rung}: ${accuracy} %`,
      y: "Exactitud de prueba (%)",
      denseFilters:
        "Lo que buscan las unidades de la primera capa de una red densa: un peso por píxel, naranja si es positivo, azul si es negativo.",
      sharedFilters:
        "Los núcleos que la primera capa de una CNN mueve sobre la imagen: naranja, pesos positivos; azul, negativos.",
      filtersOf: "Entrenamiento de esta red, que no tiene por qué ser una de las comparadas aquí:",
      noFilters: "Aquí no hay ninguna red con estas conexiones; no se pueden mostrar sus filtros.",
    },
    kernel: {
      nav: "El núcleo",
      question: "¿Es mejor un núcleo más grande?",
      lead: "Un núcleo más grande ve más de una vez. También tiene más pesos y exige más cálculo. Por eso el estudio compara los núcleos de tres maneras: con iguales filtros, pesos o multiplicaciones.",
      predict: "Con iguales filtros, ¿qué núcleo acierta más?",
      size: "Núcleo",
      equal: "Se mantiene igual:",
      matchings: {
        "equal width": "filtros",
        "equal parameters": "pesos",
        "equal multiply-adds": "multiplicaciones",
      },
      best: (size) => `Mayor media con iguales filtros: ${size}.`,
      parameters: "Pesos",
      multiplyAdds: "Multiplicaciones por imagen",
      accuracy: "Exactitud de prueba",
      field: (theory, half) =>
        `Una unidad del último mapa ve ${theory} x ${theory} píxeles; la mitad de su influencia viene de los ${half} x ${half} del centro.`,
      fieldUnknown: "No se midió cuánto usa una unidad de lo que ve con este núcleo.",
      fieldPicture:
        "Campo de una unidad sobre la imagen: cuadro exterior, lo que puede ver; cuadro interior, la mitad de su influencia",
      x: "Lado del núcleo (píxeles)",
      y: "Exactitud de prueba (%)",
      without: "Los núcleos de 1x1, que no ven vecinos, están solo en la tabla.",
    },
    look: {
      nav: "Qué mira",
      question: "¿Qué mira la red?",
      lead: "Tome una imagen de prueba, dibuje una, traiga una fotografía o use su cámara. Cada red responde y muestra de qué píxeles viene su respuesta. Después cubra una parte y vea qué cambia.",
      predict:
        "En el entrenamiento, las imágenes de una clase están siempre en una esquina y las de otra en la opuesta; en la prueba cambian de esquina. ¿Por qué se guía la CNN?",
      options: {
        appearance: "Por lo que se ve, esté donde esté",
        place: "Por la esquina, haya lo que haya en ella",
      },
      elsewhere: "Exactitud cuando las dos clases cambian de esquina",
      needs: "Esta vista calcula con redes, y aquí no se puede cargar ninguna.",
      oneNetwork:
        "Los mapas de arriba muestran una sola red de cada tipo, así que no son un resultado: otro entrenamiento puede mirar otros píxeles. Lo que el estudio midió en muchos entrenamientos es si las redes miran la cosa o su lugar.",
      source: "Imagen:",
      sources: {
        test: "una imagen de prueba",
        sketch: "dibujada por usted",
        photo: "una fotografía",
        camera: "la cámara",
      },
      given: "Lo que reciben las redes",
      speaksFor: "Evidencia a favor de",
      ownAnswer: "la respuesta de cada red",
      sketch: "Lienzo para dibujar. Las flechas mueven el lápiz, la barra espaciadora dibuja, mayúsculas y una flecha trazan una línea.",
      sketchKeys:
        "Dibuje con el ratón, el dedo o un lápiz; o con las flechas: la barra espaciadora dibuja un punto; mayúsculas y una flecha, una línea.",
      erase: "Borrar en lugar de dibujar",
      clear: "Vaciar el lienzo",
      choosePhoto: "Elija una fotografía o suéltela aquí:",
      photoKept: "PNG, JPEG, WebP, BMP o GIF, del que se toma la primera imagen. No sale de su equipo.",
      conversion: "Cómo se convierte en una imagen como las del entrenamiento",
      steps: {
        given: (width, height) => `Decodificada y derecha: ${width} × ${height} píxeles`,
        smaller: (width, height) =>
          `El archivo tiene ${width} × ${height} píxeles; su navegador la redujo al decodificarla`,
        grey: () => "En gris: 0,299 rojo + 0,587 verde + 0,114 azul",
        negated: (median) =>
          `En negativo, porque el fondo es claro: la mediana de los píxeles exteriores es ${median} de 255`,
        dark: (median) => `Sin negativo: el fondo es oscuro, ${median} de 255`,
        cropped: (width, height) =>
          `Recortada a lo que muestra: se quitan los bordes a menos del 5 % del fondo y quedan ${width} × ${height} píxeles`,
        square: (side) => `Recortado el cuadrado central: ${side} × ${side} píxeles`,
        resized: (width, height) => `Reducida o ampliada a ${width} × ${height} píxeles con el filtro de Lanczos`,
        padded: (side, background) => `Extendida a ${side} × ${side} píxeles con el gris del fondo, ${background}`,
      },
      remarks: {
        empty: "La imagen muestra solo fondo.",
        light: "El fondo no es negro, como en las imágenes con las que se entrenaron las redes.",
      },
      exactness:
        "Son los pasos de `convbias explain`. De píxeles decodificados igual sale la misma imagen; los decodificadores pueden diferir en unos pocos valores de gris en archivos JPEG y en partes transparentes.",
      troubles: {
        kind: "No es un archivo PNG, JPEG, WebP, BMP ni GIF. Ábralo en un programa que lo muestre y guárdelo como PNG.",
        bytes: "El archivo tiene más de 50 MB. Reduzca la imagen; las redes ven muchos menos píxeles.",
        pixels: "La imagen tiene más de 50 millones de píxeles. Redúzcala; las redes ven muchos menos.",
        damaged: "La imagen está dañada: no se puede decodificar o termina antes de tiempo. Guárdela otra vez.",
      },
      cameraStart: "Encender la cámara",
      cameraStop: "Apagar la cámara",
      cameraPicture: "Imagen de la cámara",
      cameraKept:
        "Su navegador le pregunta antes. Las imágenes no se guardan ni se envían, y la cámara se apaga al salir de esta vista.",
      cameraTroubles: {
        refused: "El navegador no permite la cámara. Permítala para esta página en su configuración o elija otra imagen.",
        missing:
          "No se puede usar ninguna cámara. Los navegadores solo la dan a páginas de este equipo o con conexión cifrada.",
      },
      cover: "Cubra una parte",
      coverKeys: "Imagen con el cuadrado que la cubre. Las flechas mueven el cuadrado un píxel.",
      patch: "Lado del cuadrado",
      covered: (network, label, before, after, answer) =>
        `${network}: su puntuación para ${label} pasa de ${before} a ${after}; entonces responde ${answer}.`,
      coverAll: "Cubrir todos los lugares",
      coverMost: (network, most, row, column) =>
        `${network}: cubrir cuesta lo más, ${most}, en la fila ${row}, columna ${column}`,
      coverKey:
        "Naranja: cubrir este lugar baja la puntuación, así que la red lo necesita. Azul: cubrirlo la sube.",
    },
    bring: {
      nav: "Su red",
      question: "¿Qué hace su propia red?",
      lead: "Traiga un clasificador de estas imágenes como archivo ONNX. Ocupa el lugar de la CNN o de la red densa en otras tres vistas y se mide aquí. No sale de su equipo.",
      predict: (most) =>
        `¿Dónde estará la exactitud de su red cuando las imágenes de prueba se desplacen ${most} píxeles?`,
      options: {
        below: "Por debajo de las dos redes del estudio",
        between: "Entre ellas",
        above: "Por encima de las dos",
      },
      unmeasured: "Su red aún no está medida: elija su archivo arriba.",
      unfinished: "La medición de su red aún no ha terminado.",
      needs: "Esta vista necesita imágenes de prueba, y aquí no se puede cargar ninguna.",
      add: "Esta página se escribió sin ONNX Runtime, que calcula redes ajenas y ocupa más que todo lo demás. Para añadirlo, obtenga su paquete con `npm pack onnxruntime-web@1.30.0` y vuelva a escribir la página con `convbias page --onnx-runtime onnxruntime-web-1.30.0.tgz`.",
      choose: "Elija un archivo ONNX o suéltelo aquí:",
      form: (first, second, classes) =>
        `Toma ${first} o ${second} números de 0 (negro) a 1 y da logits o probabilidades de ${classes} clases en el orden de esta página, como lo escribe \`convbias export\`.`,
      opening: "Abriendo la red …",
      opened: (name, shape) => `${name} toma ${shape} números.`,
      probabilities: "Da probabilidades; como puntuación, otras vistas toman el logaritmo de su razón con todas las demás clases.",
      logits: "Da logits.",
      troubles: {
        bytes: () => "El archivo tiene más de 100 MB, demasiado para esta página.",
        runtime: (found) =>
          `Aquí no se puede cargar ONNX Runtime (${found}). La página necesita un servidor web y un navegador con WebAssembly.`,
        unreadable: (found) =>
          `Esta red no se puede calcular: ${found}. Expórtela como un solo archivo ONNX, con operadores estándar y sus pesos dentro.`,
        input: (found, shapes) =>
          `La entrada de esta red es ${found}. Se espera una sola entrada de float32: ${shapes}.`,
        output: (found, _shapes, classes) =>
          `La salida de esta red es ${found}. Se espera float32 [N, ${classes}].`,
        classes: (found, _shapes, classes) =>
          `Esta red distingue ${found} clases, y estas imágenes tienen ${classes}.`,
        numbers: () => "Esta red da números no finitos con imágenes de prueba, así que no tiene respuesta.",
      },
      inPlace: "En lugar de la:",
      stands: (name, rival, views) =>
        `${name} ocupa el lugar de la ${rival} en ${listed(views)}. Lo que encontró el estudio sigue siendo sobre sus propias redes.`,
      remove: (rival) => `Quitarla y devolver la ${rival}`,
      loadingSample: "Cargando más imágenes de prueba …",
      measuring: (done, all) => `${done} de ${all} respuestas`,
      fewer:
        "No se puede cargar la muestra mayor de imágenes de prueba, así que la red se mide con las pocas que muestra esta página y su intervalo es ancho. Vuelva a escribir la página con `convbias page`.",
      table: "Exactitud según el desplazamiento (%)",
      here: (name, images) => `${name}, en ${images} imágenes de prueba [intervalo del 95 %]`,
      stored: (network) => `${network}, guardada [intervalo del 95 % sobre semillas]`,
      limits:
        "Su red se midió aquí, una vez, con imágenes de prueba que tiene esta página, cada una desplazada en una de ocho direcciones; su intervalo (Wilson) es sobre imágenes. Sus imágenes no tienen margen, así que lo que sale del marco se pierde; las redes guardadas se midieron en un lienzo mayor. No es un veredicto.",
      cut: "Calculada por ONNX Runtime. Sus imágenes no tienen margen, así que lo que sale del marco se pierde.",
    },
    footer: {
      source: (title, source) => `${title}: ${source}.`,
      made: (name) =>
        `Cada número viene de los entrenamientos guardados del estudio «${name}», que convbias entrenó y juzgó. Desde esta página no se envía nada.`,
    },
  };
};

/** By the title of an experiment, what it does not show. */
const NOT_SHOWN: Readonly<Record<string, string>> = {
  "Shift: is a shifted garment recognised?":
    "Solo se prueban desplazamientos: la rotación y la escala son otras simetrías. Las prendas de prueba sin desplazar están en el centro del lienzo.",
  "Recipe and architecture":
    "No se demuestra que el estudio original entrenara así: los valores por defecto son una suposición. Otras recetas pueden dar otros resultados.",
  "Data efficiency: images needed for equal accuracy":
    "Las tasas de aprendizaje se eligieron con todas las imágenes; con pocas, otras podrían ser mejores. No se extrapola más allá del conjunto mayor.",
  "Locality: pixels and blocks shuffled":
    "Se usa una sola manera de barajar, así que la dispersión es la de las semillas. Una red que conociera el orden podría deshacerlo.",
  "Locality and sharing, step by step":
    "Las partes dependen del orden de los pasos, y otros órdenes son posibles. La red densa es la del estudio original, no la equivalente densa de la red local, que tendría millones de pesos.",
  "Does a global average discard position?":
    "Solo dos clases y dos lugares. Una red que puede usar el lugar no tiene por qué hacerlo donde lo que se ve informa más; depende de lo difíciles que sean las clases.",
  "Kernel size without confounders":
    "Solo se buscó la tasa de aprendizaje de cada red; el mejor tamaño para estas imágenes no tiene por qué serlo para otras más grandes.",
};
