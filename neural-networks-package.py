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
# An earlier study trained a dense network and convolutional networks (CNNs) on Fashion-MNIST and
# published its results. This notebook repeats its questions with several seeds, confidence intervals
# and verdicts.
#
# Each part has **a question, a figure and a finding.** Try to answer the question before you look at
# the figure. All numbers are computed from stored runs; none is typed in. `make notebook` executes
# the notebook again.

# %%
from convbias.report.notebook import NotebookStudy

study = NotebookStudy()
study

# %% [markdown]
# ## 1. EDA: exploring the data
#
# **Question.** The study claims that the classes are perfectly balanced, with 6,000 images each. There
# are 70,000 images and ten classes: can both be true?

# %%
from convbias.figures import class_counts, mean_images, pixel_correlation, sample_grid

class_counts(study.exploration, study.remark)

# %%
study.claims("data")

# %% [markdown]
# **Question.** Which two classes will be confused most often? Look at the images and write down your
# guess; section 3 has the answer.

# %%
sample_grid(study.dataset, study.remark)

# %% [markdown]
# **Question.** A convolution combines each pixel with its neighbours. This helps if neighbouring pixels
# are correlated. The study claims that adjacent pixels are *always* correlated. Is that true?

# %%
pixel_correlation(study.exploration, study.remark)

# %%
study.claims("locality")

# %% [markdown]
# **Question.** If all garments were at the same position, a dense network would not need shift
# invariance. How sharp are the mean images of the classes?

# %%
mean_images(study.exploration, study.remark)

# %% [markdown]
# Most mean images have clear outlines, because the garments are centred and scaled in the same way; the
# mean sandal is the most blurred. This data set hardly requires shift invariance; see section 5.
#
# ## 2. Baseline: a dense network
#
# **Question.** A dense network with 128 units, 64 units and ten classes on the flattened image: how many
# parameters does it have? Count weights and biases layer by layer before you read on.

# %%
study.layers("dense")

# %%
study.claims("baseline-params")

# %% [markdown]
# **Question.** How accurate is it, and how much does its accuracy vary between seeds? A single published
# number does not tell.

# %%
study.comparison("dense").head(2)

# %%
study.claims("baseline-accuracy / loss")

# %% [markdown]
# ## 3. CNN: two convolutions with 3x3 kernels
#
# **Question.** The study claims that its CNN has 20,360 parameters: two convolutions, a dense layer with
# 128 units, ten classes. Is that correct?

# %%
study.layers("cnn-3x3")

# %%
study.claims("cnn-params")

# %% [markdown]
# The next cell trains a CNN on 3,000 images for three epochs. The stored runs were trained with the same
# call, with more images and epochs.

# %%
from convbias.networks.training import train
from convbias.spec.arms import Arm, Convolutional, DataVariant
from convbias.spec.recipes import recipe_for

model = Convolutional(kernel_size=3)
images = DataVariant(dataset=study.dataset.name, training_images=3_000)
arm = Arm(data=images, model=model, recipe=recipe_for("tuned", 3, model))
for live in train(arm, [0], study.dataset):
    accuracies = [epoch.validation_accuracy for epoch in live.epochs]
    print("validation accuracy:", ", then ".join(f"{each:.1%}" for each in accuracies))

# %% [markdown]
# **Question.** Does the CNN need fewer epochs than the dense network, and is its final accuracy higher?

# %%
from convbias.figures import confusion, convergence

convergence(study.arms, "accuracy")

# %%
study.claims("convergence", "gap")

# %% [markdown]
# **Question.** The CNN has a quarter of the dense network's parameters. Is it better, worse or equivalent?

# %%
study.comparison("dense", "cnn-3x3").head(6)

# %%
study.claims("cnn-accuracy / loss", "memory")

# %% [markdown]
# The study did not publish its training recipe. **Question.** Suppose that all four networks are trained
# with Keras' defaults, as the study may have done, for the same number of epochs. Which network loses
# most accuracy?

# %%
study.figure("recipe")

# %%
study.outcome("recipe")

# %% [markdown]
# Which two classes did you expect to be confused most often?

# %%
confusion("cnn-3x3", study.arms["cnn-3x3"], study.dataset)

# %% [markdown]
# ## 4. Kernel experiments: 3x3, 5x5, 7x7
#
# **Question.** The study varied only the kernel size and calls 5x5 optimal for images of 28x28 pixels; it
# also calls 3x3 the smallest sufficient size. What would the figure look like if the kernel size
# mattered less than the seed?

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
# A larger kernel has more parameters, needs more operations and has a larger receptive field: three
# things change at once. **Question.** Which of them matters? The experiment `kernel-size` separates them.

# %%
study.figure("kernel-size")

# %%
study.outcome("kernel-size")

# %% [markdown]
# ## 5. Interpretation: why does convolution help?
#
# ### Sharing and locality
#
# **Question.** A CNN is a dense network whose weights are mostly zero (locality) and mostly equal
# (weight sharing). Which of the two constraints improves accuracy more?

# %%
study.figure("sharing")

# %%
study.outcome("sharing")

# %% [markdown]
# ### Data efficiency
#
# **Question.** An inductive bias is prior knowledge that need not be learned from data. How many fewer
# images does the CNN need to reach the accuracy of the dense network?

# %%
study.figure("data-efficiency")

# %%
study.outcome("data-efficiency")

# %% [markdown]
# ### Shuffled pixels
#
# **Question.** Apply the same permutation to the pixels of every image. How does this affect the dense
# network, and how the CNN?

# %%
study.figure("permutation")

# %%
study.outcome("permutation")

# %% [markdown]
# ### Shifted garments
#
# **Question.** "A shoe moved by one pixel moves the feature map by one pixel." This is true after the first
# convolution. Is it true after pooling? And how does a shift affect the *prediction*?

# %%
study.figure("shift")

# %%
study.outcome("shift")

# %% [markdown]
# ### From edges to shapes
#
# **Question.** "The first convolution detects edges, the second one shapes." How would you measure that?

# %%
study.figure("hierarchy")

# %%
study.outcome("hierarchy")

# %% [markdown]
# ### Architecture choices
#
# **Question.** The study asserts stride 1, same padding, 32 and 64 filters, and global average pooling.
# Which of these choices matter?

# %%
study.figure("choices")

# %%
study.claims("choices")

# %% [markdown]
# ### Explaining one image
#
# With global average pooling, each of the CNN's logits is an exact sum of contributions by position, plus
# a constant.

# %%
from convbias.data.reading import read_picture
from convbias.figures.explanation import explanation
from convbias.measures.explain.explanation import explain

run, network = study.stored_network()
picture = read_picture("0", lambda: study.dataset)
accounts = explain({run.condition: network}, picture.converted.pixels, picture.label)
explanation(picture, accounts, study.dataset.class_names, study.remark)

# %% [markdown]
# ## 6. SageMaker: from the network to an endpoint
#
# The network is exported as a TensorFlow SavedModel and as an ONNX file. Both are loaded again and
# compared with the network before they are stored.

# %%
from pathlib import Path

from convbias.shipping.export.archive import pack
from convbias.shipping.export.exporting import export

folder = Path("report/notebook")
exported = export(network, run, study.dataset, folder / "fashion_mnist_model")
archive = pack(exported.folder, folder / "fashion_mnist_model.tar.gz")
{name: f"{len(content):,} bytes" for name, content in archive.contents.items()}

# %% [markdown]
# The archive contains `inference.py`, which serves predictions in AWS containers and locally. Here a
# local server replaces the endpoint; the request is the one of the study.

# %%
import requests

from convbias.shipping.serve.local import local_server

image = study.dataset.test_images[0, :, :, 0]
with local_server(archive.path) as address:
    answer = requests.post(f"{address}/invocations", json=image.tolist(), timeout=60)
answer.json(), study.dataset.class_names[study.dataset.test_labels[0]]

# %% [markdown]
# The requests to AWS, in order, that would deploy the archive to an endpoint. Nothing is sent here:
# `convbias deploy plan` prints them with checks and costs, `convbias deploy apply` sends them.

# %%
from convbias.shipping.deploy.plan import make_plan
from convbias.shipping.deploy.settings import Settings

settings = Settings(bucket="my-bucket", role="arn:aws:iam::123456789012:role/convbias-endpoint")
make_plan(settings, "eu-central-1", archive).requests()

# %%
study.claims("deploy")

# %% [markdown]
# ## Limits of convolution
#
# The study claims that convolution is unsuitable for tables, long sequences, graphs and language. It did not
# measure this. Here each claim has an experiment with a control that shows the measurement works.
#
# ### Tables
#
# **Question.** The columns of a table have no order. What does a convolution over them cost, and would it
# notice if the columns were shuffled?

# %%
study.figure("tables")

# %%
study.outcome("tables")

# %% [markdown]
# ### Long sequences
#
# **Question.** A kernel of size 3 sees three time steps. How far do ten layers of them see, and what if the
# distance between a kernel's positions doubles from layer to layer?

# %%
study.figure("sequences")

# %%
study.outcome("sequences")

# %% [markdown]
# ### Graphs
#
# **Question.** A graph's adjacency matrix looks like an image. What happens to the answers of a convolution
# over it when the nodes are numbered anew?

# %%
study.figure("graphs")

# %%
study.outcome("graphs")

# %% [markdown]
# ### Language
#
# **Question.** To predict the next character of a text, is it worth seeing 128 characters instead of 8? And
# who makes more of them, convolution or attention?

# %%
study.figure("language")

# %%
study.outcome("language")

# %% [markdown]
# ### The claims

# %%
study.claims("not-for")
