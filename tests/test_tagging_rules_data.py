"""What kind of data a paper is about: the rules of the guide that matter most, each with a paper made up for it."""

from __future__ import annotations

import pytest

from app.tagging.tagger import load_tagger

TAGGER = load_tagger()

PAPERS = {
    "words that are segmented are no pictures": (
        "Word Segmentation across Dialects",
        "We segment words of written dialects with one model. It learns from texts of several corpora.",
        {"text"},
    ),
    "how a phone is touched is a sensor's data": (
        "Guessing the Age of Users from Smartphone Interaction",
        "We collect touch gestures on smartphones and recognise age groups from them.",
        {"sensor"},
    ),
    "a graph of who trains with whom is none of the data": (
        "Learning Personal Models and Collaboration Graphs without a Server",
        "Users exchange models with their neighbours. We learn the collaboration graph together with the models.",
        set(),
    ),
    "words seen in a picture are no text": (
        "Scene Text Removal with Attention",
        "Scene text removal erases text from natural images. Our network finds the text and paints the background.",
        {"image"},
    ),
    "trips and taxis are locations": (
        "Assigning taxis without knowing where people live",
        "Mobility-on-demand systems learn where passengers go. We obfuscate the drop-off locations of taxi trips.",
        {"location"},
    ),
    "queries on a database are tables": (
        "Releasing Answers to Smooth Queries under Differential Privacy",
        "We study differentially private mechanisms for answering smooth queries on databases. Our mechanism outputs a "
        "summary of the database.",
        {"tabular"},
    ),
    "the benchmarks of an evaluation aren't what a general method is about": (
        "Adaptive step sizes for federated optimisation",
        "We propose a federated optimiser whose step size adapts to drift. Experiments on CIFAR-10 and FEMNIST show"
        " that it reaches the accuracy of tuned baselines in fewer rounds on image classification.",
        set(),
    ),
    "fields of application in passing aren't either": (
        "Sharper rates for private minimax problems",
        "Deep learning is widely used in many domains such as computer vision, natural language processing and"
        " healthcare. We give rates for private minimax optimisation.",
        set(),
    ),
    "a task for which the method is made is": (
        "Private pre-training without public data",
        "We study private pre-training for image classification. Our vision transformers learn from synthetic images"
        " before they see private images.",
        {"image"},
    ),
    "a face is the more specific picture": (
        "Hiding identities from face recognition",
        "Face recognition threatens people in photos. We perturb face images so that faces can't be matched.",
        {"face"},
    ),
    "people known by their look are faces, vehicles are images": (
        "Camera-aware vehicle re-identification",
        "Vehicle re-identification, unlike person re-identification, must match images of nearly equal cars across"
        " cameras. We align views of vehicle images.",
        {"image"},
    ),
    "models of vision and language are both": (
        "Do vision-language models leak what they saw?",
        "Vision-language models learn from images and their captions. We measure what they memorise.",
        {"image", "text"},
    ),
    "pictures made from a prompt are pictures": (
        "Unlearning concepts in text-to-image diffusion",
        "Text-to-image diffusion models reproduce protected images. We erase concepts from the image generator.",
        {"image"},
    ),
    "the network of the clients is no graph data": (
        "Gossip over time-varying graphs",
        "We analyse decentralized SGD where clients talk over a communication graph, and bound the consensus error.",
        set(),
    ),
    "graphs that are learned from are": (
        "Federated learning of graph neural networks",
        "Clients hold subgraphs of a social network. We train graph neural networks for node classification.",
        {"graph"},
    ),
    "differential privacy alone is no table": (
        "Private mean estimation",
        "We estimate the mean of a distribution under differential privacy with optimal error.",
        set(),
    ),
    "records and queries are": (
        "Synthetic tables under differential privacy",
        "We release synthetic tabular data that answers marginal queries over census data.",
        {"tabular"},
    ),
    "health stands beside the modality": (
        "Federated segmentation of brain MRI",
        "Hospitals train a segmentation model on MRI scans of their patients without sharing medical images.",
        {"image", "health"},
    ),
    "a robot's trajectory tells no one's whereabouts": (
        "Trajectory optimization for quadrotors",
        "We plan collision-free trajectories of aerial robots and track them with a predictive controller.",
        set(),
    ),
    "people's whereabouts are location data": (
        "Geo-indistinguishable check-ins",
        "Apps collect location data of their users. We perturb user locations with geo-indistinguishability.",
        {"location"},
    ),
    "a video of the results is no video data": (
        "Dexterous regrasping by tactile feedback",
        "We regrasp objects with a multi-fingered hand. A video is available at https://example.org/regrasp.",
        set(),
    ),
    "code that is released is no source code": (
        "Robust aggregation by trimmed means",
        "We propose an aggregation rule for federated learning. The source code is available at https://example.org.",
        set(),
    ),
    "LaTeX's \\text is no text": (
        "Lower bounds for private selection",
        r"We show that every private algorithm needs $\text{poly}(\log n)$ samples in the worst case.",
        set(),
    ),
    "agents that act by language models are about language": (
        "How Much Do Phone-Use Agents Give Away?",
        "We study whether computer-use agents disclose more than a task needs. Several frontier models are compared.",
        {"text"},
    ),
    "a language of its own for a purpose isn't": (
        "Rivet: a language for describing access rules of hardware",
        "We introduce a domain-specific language in which the rules of a chip are written and proved.",
        set(),
    ),
    "synthetic records are tables": (
        "How Close Is Too Close?",
        "Synthetic data is shared in place of sensitive data. We show that the distance to the closest record says"
        " little about the privacy of synthetic data.",
        {"tabular"},
    ),
    "published counts are tables": (
        "Private Counts that Add Up",
        "Agencies publish tables of counts under differential privacy. We give a mechanism that keeps the totals of"
        " tables of counts.",
        {"tabular"},
    ),
    "faces that a model gives back are faces": (
        "Inversion with Few Queries",
        "Model inversion attacks reconstruct private training images, a threat to facial recognition systems. We"
        " propose a black-box model inversion attack.",
        {"face"},
    ),
    "a templates' protocol without a word on faces is no face": (
        "Two-Party Biometric Authentication",
        "We compare biometric templates under secret sharing, so that the server never sees them.",
        set(),
    ),
    "an abbreviation that means something else is no sensor": (
        "CSI-Sign: Blind Signatures from Isogenies",
        "We propose a blind signature scheme from isogenies and prove it secure.",
        set(),
    ),
    "repairing programs is about code": (
        "Which Patches Are Safe?",
        "We benchmark language models on program repair: pull requests of software repositories, and code patches.",
        {"code", "text"},
    ),
    "segments of a network are no pictures": (
        "Micro-segmentation of industrial networks by federated learning",
        "We split networks into segments by federated learning, without sharing raw data.",
        set(),
    ),
    "what is typed is no language": (
        "Keylogging from the Way a Head Moves",
        "We show that motion signals of a headset tell what a user types on a virtual keyboard. The typed text is"
        " recovered with high accuracy.",
        {"sensor"},
    ),
    "videos known by their traffic are no pictures": (
        "Video Fingerprinting over Tor",
        "We collect network traces of popular videos and tell from encrypted traffic which of the videos is watched.",
        set(),
    ),
    "a stolen model's traces are no sensor's data": (
        "Networks Told by Their Power",
        "We steal a model's architecture through a power side channel: a model extraction attack on time series of"
        " energy, from which a time series classifier names each layer.",
        set(),
    ),
    "people known by radio are no faces": (
        "Person Re-identification by WiFi",
        "We re-identify people by reflections of WiFi signals, without seeing them.",
        {"sensor"},
    ),
    "the pandemic as a time is no matter of health": (
        "What Parents Fear of Learning Platforms",
        "After the pandemic forced schools online, we interviewed parents on the privacy of classroom software.",
        set(),
    ),
    "queries of a hidden database are records": (
        "Leakage of Order-Preserving Encryption",
        "We attack databases under order-preserving encryption, where range queries are answered over ciphertexts.",
        {"tabular"},
    ),
    "words of a saying are no data": (
        "Epidemic Averaging in the Face of Stragglers",
        "Every peer passes its parameters on to random peers. We bound the rounds until all of them agree.",
        set(),
    ),
    "a network of nodes and edges is a graph, deep networks are none": (
        "Estimating Densities of Temporal Networks",
        "We release when the links of a temporal network appear, such that no edge between two nodes can be told.",
        {"graph"},
    ),
    "signals of the brain are those of a sensor": (
        "Decoders for Brain-Machine Interfaces",
        "We predict movements from intracortical signals and compare recurrent decoders on them.",
        {"sensor"},
    ),
    "palms are pictures but no faces": (
        "Palmprint Verification across Sites",
        "We match prints of palms that several sites keep to themselves.",
        {"image"},
    ),
    "developers of models write no code here": (
        "Who Reads the Chats?",
        "We compare what LLM developers say on users' chats: LLM developers keep conversations for training language"
        " models.",
        {"text"},
    ),
}


@pytest.mark.parametrize("reason", PAPERS)
def test_data_is_what_the_paper_is_about(reason: str) -> None:
    title, abstract, expected = PAPERS[reason]
    assert {tag.label for tag in TAGGER.tag(title, abstract) if tag.facet == "data"} == expected
