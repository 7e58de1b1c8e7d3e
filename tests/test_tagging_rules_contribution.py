"""What a paper adds, by the guide: short texts of our own, one for each distinction that matters."""

import pytest

from app.tagging.tagger import Tagger, load_tagger


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    """The catalogue's own tagger."""
    return load_tagger()


PAPERS = [
    (
        "A Survey of Private Learning",
        "This survey reviews recent work on private learning. We discuss open problems and future directions.",
        {"overview"},
    ),
    (
        "Steal the Bait: Membership Inference Attacks on Speech Models",
        "Speech models are widely used. We propose a new membership inference attack that needs only labels. "
        "Our attack achieves a high attack success rate and reveals a privacy risk of such models.",
        {"attack"},
    ),
    (
        "Defending Against Model Inversion Attacks with Noise",
        "Model inversion attacks recover private training images. We propose a defense that perturbs features. "
        "It protects the privacy of users and reduces the attack success rate.",
        {"defence"},
    ),
    (
        "A Differentially Private Optimizer with Better Accuracy",
        "We propose a differentially private optimizer that clips gradients by layer. It improves accuracy over "
        "DP-SGD at the same privacy budget and protects the training data.",
        {"defence"},
    ),
    (
        "Optimal Rates for Private Mean Estimation",
        "We study mean estimation under differential privacy. We give an algorithm whose error is minimax optimal "
        "up to logarithmic factors, and prove a lower bound on the sample complexity of any private algorithm.",
        {"defence", "theory"},
    ),
    (
        "Lower Bounds for Learning Halfspaces",
        "We prove lower bounds on the sample complexity of learning halfspaces under adversarial noise. Our results "
        "show a separation between proper and improper learners, and the bounds are tight up to constant factors.",
        {"theory"},
    ),
    (
        "FedMix: Handling Heterogeneous Clients in Federated Learning",
        "Federated learning keeps data local. We propose a novel framework that tackles heterogeneity of clients. "
        "Experiments on three datasets show that it outperforms the state of the art and cuts communication cost.",
        {"method"},
    ),
    (
        "Depth Estimation with Two Cameras for Mobile Robots",
        "We present a novel network for depth estimation on mobile robots. It outperforms existing methods in "
        "accuracy and runs in real time.",
        {"method"},
    ),
    (
        "How Do People Share Photos? An Empirical Study",
        "It is unclear how people decide which photos to share. We conducted interviews with 30 participants. "
        "We find that most of them rarely think of bystanders. Our findings suggest new settings.",
        {"measurement"},
    ),
    (
        "DrawBench: A Dataset of Sketches",
        "There is a lack of datasets of sketches. We introduce a new dataset of 20,000 sketches with annotations. "
        "The dataset is publicly available.",
        {"resource"},
    ),
    (
        "Open Problem: Does Privacy Cost a Logarithm?",
        "It is open whether private bandits need an extra logarithm. We state the problem and what is known.",
        {"theory"},
    ),
    (
        "Eavesdropping on Encrypted Chats with Language Models",
        "We present a new attack that infers the topic of encrypted chats from packet sizes. Our attack succeeds "
        "against commercial services. To mitigate this threat, we propose a defense that pads the packets.",
        {"attack", "defence"},
    ),
    (
        "What Do Smart Toys Send? A Large-Scale Measurement",
        "We conduct a longitudinal measurement study of 112 toys and interview 20 parents. We find that most devices "
        "contact third parties, and our findings reveal how prevalent undisclosed tracking is.",
        {"measurement"},
    ),
    (
        "Keeping Portraits from Face Swapping",
        "Photos shared online are misused by others. We propose imperceptible adversarial perturbations that protect "
        "the privacy of users: they prevent face swapping and other deepfake manipulation.",
        {"defence"},
    ),
    (
        "A Toolkit for Private Rewriting",
        "We introduce an open-source framework for rewriting text. It is modular and extensible, comes with a Python "
        "library, and helps the community to build a benchmark that is publicly available.",
        {"resource"},
    ),
    (
        "Why Do Language Models Repeat Their Training Data?",
        "It is not well understood why language models repeat what they saw. We systematically compare models of "
        "different sizes. We find that larger models repeat more, and our findings suggest caution.",
        {"measurement"},
    ),
    (
        "ChatLeakBench: Do Assistants Keep Secrets?",
        "We introduce ChatLeakBench, a benchmark of 1,200 conversations that contain secrets. We evaluate 14 popular "
        "LLMs and find that most of them disclose secrets. Our findings reveal that they struggle with strangers.",
        {"measurement", "resource"},
    ),
    (
        "What Parents Expect of School Software",
        "Schools collect data of children. We interviewed 21 parents about the privacy of school software. "
        "Participants reported that they trust the school, and we found that few of them read a privacy policy.",
        {"measurement"},
    ),
    (
        "Keystroke Inference from Network Traffic",
        "We present a new side channel that reveals what a user types. Our attack recovers private messages from the "
        "lengths of encrypted packets, and an adversary can extract typed passwords with an attack accuracy of 80 %.",
        {"attack"},
    ),
    (
        "Filtering Malicious Clients in Federated Learning",
        "Malicious clients poison federated learning. We propose a defense that identifies malicious clients "
        "and removes their updates, so that the global model stays accurate under poisoning attacks.",
        {"defence"},
    ),
    (
        "Telling Whether a Suspect Model Was Stolen",
        "Owners lose models by extraction. We propose a fingerprinting method that verifies the ownership of a suspect "
        "model: it detects stolen models by their answers to a few queries, even after distillation.",
        {"defence"},
    ),
    (
        "A Tighter Privacy Analysis of Noisy Averaging",
        "Known bounds on the privacy of noisy averaging under differential privacy grow with every step. We give a new "
        "analysis and prove that privacy loss converges to a constant for strongly convex and smooth losses. Our bound "
        "is tight up to a logarithmic factor.",
        {"theory"},
    ),
    (
        "Averaging over Gossip",
        "We propose an algorithm for decentralized learning on time-varying graphs. We establish a linear convergence "
        "rate for strongly convex functions and a sublinear regret bound in the online setting.",
        {"method", "theory"},
    ),
]


@pytest.mark.parametrize(("title", "abstract", "contributions"), PAPERS, ids=[paper[0] for paper in PAPERS])
def test_contributions(tagger: Tagger, title: str, abstract: str, contributions: set[str]) -> None:
    """Each tag carries the words that speak for it."""
    tags = [tag for tag in tagger.tag(title, abstract) if tag.facet == "contribution"]
    assert {tag.label for tag in tags} == contributions
    for tag in tags:
        assert tag.evidence
        for e in tag.evidence:
            assert (title if e.field == "title" else abstract)[e.start : e.end] == e.text


def test_what_remains_is_a_method(tagger: Tagger) -> None:
    """A paper that shows no sign of anything else has a method, by the words with which it begins."""
    tags = [tag for tag in tagger.tag("Gears that turn", "We let gears turn.") if tag.facet == "contribution"]
    assert [tag.label for tag in tags] == ["method"]
    assert tags[0].evidence[0].text
