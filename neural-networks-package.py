# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What does the inductive bias of convolution buy?
#
# An earlier study trained a dense network and convolutional networks on Fashion-MNIST and published
# what it found. This notebook asks its questions again, with several seeds, intervals and verdicts.
#
# It goes like this: **a question, a figure, a finding.** Before you look at a figure, answer the
# question for yourself; that is what makes the finding stick. Every number below is read from stored
# runs; nothing is typed in. `make notebook` executes it anew.

# %%
from convbias.report.notebook import NotebookStudy

study = NotebookStudy()
study

# %% [markdown]
# ## 1. EDA: what is in the data?
#
# **Question.** The study says that the classes are perfectly balanced, and that each has 6,000 images
# in all. Seventy thousand images, ten classes: can both be true?

# %%
from convbias.figures import class_counts, mean_images, pixel_correlation, sample_grid

class_counts(study.exploration, study.remark)

# %%
study.claims("data")

# %% [markdown]
# **Question.** Which two classes will be confused most? Look at the images, and write your guess down;
# section 3 has the answer.

# %%
sample_grid(study.dataset, study.remark)

# %% [markdown]
# **Question.** A convolution looks at pixels together with their neighbours. That pays if neighbours
# say much about each other. The study says that adjacent pixels are *always* correlated. Always?

# %%
pixel_correlation(study.exploration, study.remark)

# %%
study.claims("locality")

# %% [markdown]
# **Question.** If every garment sat at the same place, a dense network would need no shift invariance
# at all. How sharp are the mean images of the classes?

# %%
mean_images(study.exploration, study.remark)

# %% [markdown]
# Most mean images keep their outlines, for the garments are centred and scaled alike; the sandals'
# blurs most. This data set hardly asks for invariance to shifts, which section 5 comes back to.
#
# ## 2. Baseline: a dense network
#
# **Question.** Flatten, 128 units, 64 units, ten classes. How many parameters is that? Work it out
# before you read on: weights and biases, layer by layer.

# %%
study.layers("dense")

# %%
study.claims("baseline-params")

# %% [markdown]
# **Question.** How accurate does it get, and how much does that change when nothing but the seed
# changes? A single published number does not say.

# %%
study.comparison("dense").head(2)

# %%
study.claims("baseline-accuracy / loss")

# %% [markdown]
# ## 3. CNN: two convolutions with 3x3 kernels
#
# **Question.** The study says that its CNN has 20,360 parameters. Two convolutions, one dense layer
# of 128, ten classes: does that add up?

# %%
study.layers("cnn-3x3")

# %%
study.claims("cnn-params")

# %% [markdown]
# Let us train one, live: six thousand images, three epochs. The same call, with more of both, is what
# the stored runs are made of.

# %%
from convbias.networks.training import train
from convbias.spec.arms import Arm, Convolutional, DataVariant
from convbias.spec.recipes import recipe_for

model = Convolutional(kernel_size=3)
images = DataVariant(dataset=study.dataset.name, training_images=6_000)
arm = Arm(data=images, model=model, recipe=recipe_for("tuned", 3)(model))
for live in train(arm, [0], study.dataset):
    accuracies = [epoch.validation_accuracy for epoch in live.epochs]
    print("validation accuracy:", ", then ".join(f"{each:.1%}" for each in accuracies))

# %% [markdown]
# **Question.** Does the CNN learn in fewer epochs than the dense network, and to a higher level?

# %%
from convbias.figures import confusion, convergence

convergence(study.arms, "accuracy")

# %%
study.claims("convergence", "gap")

# %% [markdown]
# **Question.** A quarter of the parameters: will it be better, worse, or as good?

# %%
study.comparison("dense", "cnn-3x3").head(6)

# %%
study.claims("cnn-accuracy / loss", "memory")

# %% [markdown]
# The study did not publish how it trained. **Question.** Train all four networks once more with Keras'
# defaults, as it may have done, for equally many epochs. Which network will suffer most?

# %%
study.figure("recipe")

# %%
study.outcome("recipe")

# %% [markdown]
# Which two classes did you guess?

# %%
confusion("cnn-3x3", study.arms["cnn-3x3"], study.dataset)

# %% [markdown]
# ## 4. Kernel experiments: 3x3, 5x5, 7x7
#
# **Question.** The study varied only the kernel size, and calls 5x5 optimal for images of 28x28. In
# the same study 3x3 is called the least that suffices. What will the figure look like if the kernel
# size matters less than the seed?

# %%
from convbias.figures import accuracy_of_arms, contrasts
from convbias.spec.quantities import TEST_ACCURACY

accuracy_of_arms(study.arms)

# %%
contrasts(study.findings, study.original.runs, TEST_ACCURACY)

# %%
study.contrasts()

# %%
study.claims("kernel-params", "kernel-accuracy", "7x7-covers")

# %% [markdown]
# A larger kernel has more parameters, costs more and sees more of the image: three things change at
# once. **Question.** Which of the three is it? The experiment `kernel-size` takes them apart.

# %%
study.figure("kernel-size")

# %%
study.outcome("kernel-size")

# %% [markdown]
# ## 5. Interpretation: why would convolution help?
#
# ### Sharing and locality
#
# **Question.** A CNN is a dense network whose weights are mostly zero (locality) and mostly equal
# (sharing). Which of the two constraints buys more?

# %%
study.figure("sharing")

# %%
study.outcome("sharing")

# %% [markdown]
# ### Fewer images
#
# **Question.** An inductive bias is knowledge that need not be learned. So with how many fewer images
# can the CNN do what the dense network does?

# %%
study.figure("data-efficiency")

# %%
study.outcome("data-efficiency")

# %% [markdown]
# ### Shuffled pixels
#
# **Question.** Shuffle the pixels of every image in the same way. What happens to the dense network,
# and what to the CNN?

# %%
study.figure("permutation")

# %%
study.outcome("permutation")

# %% [markdown]
# ### Shifted garments
#
# **Question.** "A shoe moved by one pixel moves the feature map by one pixel." After the first
# convolution, yes. After pooling? And what does the *answer* do when the shoe moves?

# %%
study.figure("shift")

# %%
study.outcome("shift")

# %% [markdown]
# ### From edges to shapes
#
# **Question.** "The first convolution finds edges, the second shapes." How would you measure that?

# %%
study.figure("hierarchy")

# %%
study.outcome("hierarchy")

# %% [markdown]
# ### The architecture's choices
#
# **Question.** Stride 1, same padding, 32 then 64 filters, global average pooling: each was asserted.
# Which of them matters?

# %%
study.figure("choices")

# %%
study.claims("choices")

# %% [markdown]
# ### One image, taken apart
#
# With global average pooling, the CNN's answer to an image can be split exactly over its pixels.

# %%
from convbias.data.reading import read_picture
from convbias.figures.explanation import explanation
from convbias.measures.explain.explanation import explain

run, network = study.stored_network()
picture = read_picture("0", lambda: study.dataset)
accounts = explain({run.arm_name: network}, picture.converted.pixels, picture.label)
explanation(picture, accounts, study.dataset.class_names, study.remark)

# %% [markdown]
# ## 6. SageMaker: from the network to an endpoint
#
# The network becomes a TensorFlow SavedModel and an ONNX file; both are loaded again and compared with
# the network before they are kept.

# %%
from pathlib import Path

from convbias.shipping.export.archive import pack
from convbias.shipping.export.exporting import export

folder = Path("report/notebook")
exported = export(network, run, study.dataset, folder / "fashion_mnist_model")
archive = pack(exported.folder, folder / "fashion_mnist_model.tar.gz")
{name: f"{len(content):,} bytes" for name, content in archive.contents.items()}

# %% [markdown]
# The archive holds `inference.py`, which answers in AWS's containers and here. A local server stands
# for the endpoint; the call is the one that the study made.

# %%
import requests

from convbias.shipping.serve.local import local_server

image = study.dataset.test_images[0, :, :, 0]
with local_server(archive.path) as address:
    answer = requests.post(f"{address}/invocations", json=image.tolist(), timeout=60)
answer.json(), study.dataset.class_names[study.dataset.test_labels[0]]

# %% [markdown]
# What AWS would be asked, in this order, to put the archive behind an endpoint. Nothing is sent here:
# `convbias deploy plan` prints this with checks and costs, `convbias deploy apply` does it.

# %%
from convbias.shipping.deploy.plan import make_plan
from convbias.shipping.deploy.settings import Settings

settings = Settings(bucket="my-bucket", role="arn:aws:iam::123456789012:role/convbias-endpoint")
make_plan(settings, "eu-central-1", archive).requests()

# %%
study.claims("deploy")

# %% [markdown]
# ## And what convolution is not for
#
# The study says that convolution is unsuited to tables, long sequences, graphs and language.

# %%
study.claims("not-for")
