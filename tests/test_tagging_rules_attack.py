"""What the rules of the facet `attack` say of short texts: one for each decision an expert has to make."""

from __future__ import annotations

from functools import cache

import pytest

from app.tagging.tagger import Tagger, load_tagger


@cache
def _tagger() -> Tagger:
    return load_tagger()


def attacks(title: str, abstract: str) -> set[str]:
    return {tag.label for tag in _tagger().tag(title, abstract) if tag.facet == "attack"}


@pytest.mark.parametrize(
    ("title", "abstract", "expected"),
    [
        (
            "Marks that stay",
            "We mark records beforehand, so that owners verify whether their data were used to train a model without "
            "consent.",
            {"membership-inference"},
        ),
        (
            "Answers are enough",
            "We train a substitute from the answers of a black-box victim, and so clone its function.",
            {"model-extraction"},
        ),
        (
            "Scripts that follow",
            "We crawl shops for fingerprinting scripts: most of them serve online tracking, a privacy risk.",
            {"re-identification"},
        ),
        (
            "Whispers",
            "We spread anonymous messages so that nobody can infer the source: sender anonymity holds against spies.",
            {"re-identification"},
        ),
        (
            "Who knows whom",
            "We show a privacy risk of similarity scores: an attacker infers the edges of a social network from them.",
            {"data-reconstruction"},
        ),
        (
            "Teachers that give nothing away",
            "Undistillable teachers promise confidentiality. We bypass them and steal a model by a new loss.",
            {"model-extraction"},
        ),
        (
            "What phones tell shops: privacy leaks of mobile apps",
            "We measure which apps send personal data of their users to advertisers.",
            {"unintended-disclosure"},
        ),
        (
            "Who trained on my pictures",
            "We propose dataset copyright auditing: owners verify unauthorized use of their data in training models.",
            {"membership-inference"},
        ),
        (
            "Less by heart",
            "We mitigate memorization of training data in language models, and so the leakage of private information.",
            {"training-data-extraction"},
        ),
        (
            "Counters as a detector",
            "We detect malware by hardware performance counters.",
            set(),
        ),
        (
            "Hidden triggers",
            "We present a stealthy backdoor attack on language models. Its triggers read like plain text.",
            set(),
        ),
        (
            "What gaze gives away",
            "We examine eye movements of headset users: they leak gender and health conditions, a risk to privacy.",
            {"attribute-inference"},
        ),
        (
            "A filter for voices",
            "Our filter hides emotion and accent of a speaker from a curious service, for the sake of privacy.",
            {"attribute-inference"},
        ),
        (
            "Four points on a map",
            "In anonymised mobility data we find that four points let people be uniquely identified, a privacy risk.",
            {"re-identification"},
        ),
        (
            "Random pedestrians",
            "Person re-identification raises privacy concerns. We train person re-identification on synthetic people.",
            set(),
        ),
        (
            "Faces in the frequency domain",
            "We protect the privacy of face recognition by leaving out low frequencies; accuracy drops by one percent.",
            set(),
        ),
        (
            "Prompts on the way",
            "In collaborative inference of language models we let an untrusted participant recover the user's prompt "
            "from hidden states.",
            {"data-reconstruction"},
        ),
        (
            "Clinical models and their notes",
            "We try to recover patient names and personal health information from a pretrained BERT.",
            {"training-data-extraction"},
        ),
        (
            "Those who only pretend to train",
            "In federated learning, lazy clients may send fabricated updates. We detect lazy clients by their loss.",
            {"poisoning"},
        ),
        (
            "A key for the owner",
            "We implant a fingerprint as a backdoor with a confidential key, by which owners recognise their model.",
            set(),
        ),
        (
            "Which app is in the tunnel?",
            "We present app fingerprinting under encrypted tunnels: flows of traffic tell the app in use.",
            {"side-channel"},
        ),
        (
            "Pictures by those who can't see",
            "Blind users may unknowingly capture private information. We mask it in their pictures for privacy.",
            {"unintended-disclosure"},
        ),
        (
            "Scoring members by loss",
            "Models remember. We present a membership inference attack that needs labels only.",
            {"membership-inference"},
        ),
        (
            "Text for sale",
            "We generate private text. The synthetic text resists membership inference attacks better than DP-SGD.",
            {"membership-inference"},
        ),
        (
            "Faces from classifiers",
            "Model inversion attacks recover faces from a trained model. We improve model inversion by a better prior.",
            {"model-inversion"},
        ),
        (
            "What updates tell",
            "In federated learning we reconstruct the private images of a client from its shared gradients.",
            {"gradient-inversion"},
        ),
        (
            "Sentences from vectors",
            "We study privacy of embeddings and train a decoder that reconstructs the input text from its embedding.",
            {"data-reconstruction"},
        ),
        (
            "Labels in vertical federated learning",
            "We show that a passive party can infer the private labels, and defend against label inference attacks.",
            {"data-reconstruction"},
        ),
        (
            "How much do language models remember?",
            "We measure memorization in language models and extract training data with personal information.",
            {"training-data-extraction"},
        ),
        (
            "Guessing who wrote it",
            "We show that a model can infer private attributes of users, such as age, which is a privacy risk.",
            {"attribute-inference"},
        ),
        (
            "Auditing a set",
            "We propose a property inference attack that reveals the share of a group in the training data.",
            {"property-inference"},
        ),
        (
            "Linking pseudonyms",
            "We show that anonymised trajectories allow de-anonymization of users and break their privacy.",
            {"re-identification"},
        ),
        (
            "Copying a service",
            "We steal the functionality of a black-box model with few queries: a model extraction attack.",
            {"model-extraction"},
        ),
        (
            "Some lie",
            "In federated learning we propose an aggregation that tolerates Byzantine clients.",
            {"poisoning"},
        ),
        (
            "Talking it round",
            "We propose a jailbreak of aligned language models that needs no gradient.",
            {"prompt-attack"},
        ),
        (
            "Time tells",
            "We find a timing side-channel that leaks the secret key of an enclave.",
            {"side-channel"},
        ),
        (
            "Listening in",
            "We bound what an eavesdropper learns who intercepts the messages of the parties, and encrypt them.",
            {"eavesdropping"},
        ),
        (
            "What people tell chatbots",
            "We analyse self-disclosure of personal information by users of chatbots and its privacy risks.",
            {"unintended-disclosure"},
        ),
    ],
)
def test_an_attack_that_the_paper_works_on(title: str, abstract: str, expected: set[str]) -> None:
    assert attacks(title, abstract) == expected


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("Backdoors by words", "We insert a backdoor into a text classifier by poisoning its training data."),
        ("Clothes-changing person re-identification", "We propose features for person re-identification by cameras."),
        ("Robust training", "We train classifiers that resist adversarial examples within a ball."),
        ("Effects by the backdoor criterion", "We use backdoor adjustment to estimate a causal effect."),
        ("Learning with noisy labels", "Networks memorize noisy labels. We propose a loss that avoids memorization."),
        ("Robots in consensus", "We study Byzantine robots that must agree in a swarm."),
        ("Autoencoders", "We propose an autoencoder with better data reconstruction."),
        ("Fair scores", "We predict without sensitive attributes and prove parity."),
        ("Stealthy patches", "We present stealthy attacks on the perception of models in cars."),
        ("Knockoff filters", "We select features with knockoffs and control the false discovery rate."),
        ("MIA-Net", "We propose MIA-Net, a multi-grained input-adaptive network."),
    ],
)
def test_no_privacy_no_attack(title: str, abstract: str) -> None:
    assert attacks(title, abstract) == set()


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        (
            "Private clustering",
            "Models leak: membership inference attacks are known. We propose a differentially private clustering "
            "algorithm and bound its error.",
        ),
        (
            "A faster federated optimiser",
            "Federated learning keeps data local. Poisoning attacks exist. We speed up learning from unlike clients.",
        ),
        ("Federated averaging", "Sharing data risks privacy leakage. We train without sharing sensitive data."),
    ],
)
def test_what_only_the_background_names_is_none(title: str, abstract: str) -> None:
    assert attacks(title, abstract) == set()


def test_what_the_background_names_counts_where_the_authors_take_it_up() -> None:
    background = "Model stealing attacks copy a service through its answers. "
    assert attacks("Marked answers", background + "We mark the answers so that such attacks can be proven.") == {
        "model-extraction"
    }
    assert attacks("Marked answers", background + "We write answers that people like.") == set()


def test_a_setting_makes_poisoning_and_adversarial_examples_count() -> None:
    poisoned = "We study data poisoning of linear models"
    assert attacks("Bad data", f"{poisoned}.") == set()
    assert attacks("Bad data", f"{poisoned} that are trained with differential privacy.") == {"poisoning"}
    robust = "We study robustness to adversarial examples"
    assert attacks("Bad inputs", f"{robust}.") == set()
    assert attacks("Bad inputs", f"{robust} in federated learning.") == {"adversarial-examples"}


def test_named_attacks_leave_no_room_for_unintended_disclosure() -> None:
    assert attacks(
        "Agents that give in", "We attack agents by prompt injection until the agents leak sensitive user information."
    ) == {"prompt-attack"}


@pytest.mark.parametrize(
    ("title", "abstract", "expected"),
    [
        (
            "What tables give away",
            "We show that an attacker infers global properties of the data set of another party.",
            {"property-inference"},
        ),
        (
            "Opened boxes",
            "We reverse engineer the hidden architecture of a proprietary black box model by queries.",
            {"model-extraction"},
        ),
        (
            "Federated learning for radiology",
            "Federated learning shares updates without exposing raw data, and so keeps privacy. We train on scans.",
            set(),
        ),
        ("Signed mail", "Eavesdropping is a threat. We find vulnerabilities in how apps check certificates.", set()),
    ],
)
def test_what_leaks_and_what_only_sounds_like_it(title: str, abstract: str, expected: set[str]) -> None:
    assert attacks(title, abstract) == expected


@pytest.mark.parametrize(
    ("title", "abstract", "expected"),
    [
        ("Backdoors out", "We remove backdoors from image classifiers by unlearning their triggers.", set()),
        (
            "Requests that harm",
            "The right to be forgotten obliges services. We show malicious unlearning requests that harm others.",
            {"poisoning"},
        ),
        (
            "Threats to retrieval: a survey",
            "We review attacks on private data: poisoning, adversarial attacks and membership inference.",
            {"poisoning", "adversarial-examples", "membership-inference"},
        ),
        (
            "Private training by a game",
            "We train embeddings with differential privacy; adversarial training makes them useful.",
            set(),
        ),
        (
            "Is it gone?",
            "We probe unlearned language models with prompts and extract the supposedly forgotten knowledge.",
            {"training-data-extraction"},
        ),
        (
            "Federated learning under a curious server",
            "Federated learning shares updates. We detect data reconstruction attacks by a malicious server.",
            {"gradient-inversion"},
        ),
        (
            "Agents that talk",
            "Agents handle private data. We send adversarial queries that make LLM agents reveal sensitive data.",
            {"prompt-attack"},
        ),
        (
            "Thinking aloud",
            "We study privacy leakage in the reasoning traces of models: they contain sensitive user data.",
            {"unintended-disclosure"},
        ),
        (
            "Oblivious stores",
            "Encrypted cloud storage leaks information through access patterns. We hide them at low cost.",
            {"side-channel"},
        ),
        (
            "Agents that remember",
            "We study memory poisoning of LLM agents: an injected note steers later answers.",
            {"prompt-attack"},
        ),
        (
            "Ballots",
            "Private voting over peer to peer networks suffers from Sybil identities. We verify identities.",
            set(),
        ),
        (
            "How unique trips are",
            "We count how many trips make a traveller unique in pseudonymised transit data.",
            {"re-identification"},
        ),
        ("Detecting Tor", "We detect intrusions in encrypted network traffic and keep user privacy.", set()),
        (
            "Who was in it?",
            "We audit generators for privacy leakage by membership inference, with canaries for each set.",
            {"membership-inference"},
        ),
        (
            "Edges that stay hidden",
            "Graph neural networks raise privacy concerns. We defend against link stealing attacks.",
            {"attribute-inference"},
        ),
        (
            "Federated valuation",
            "Federated learning rewards data. We show an attack by which clients exaggerate their contributions.",
            {"poisoning"},
        ),
        (
            "What weights tell",
            "In federated learning we show that no patient data is reconstructed from the shared parameters. "
            "This withstands data reconstruction.",
            {"gradient-inversion"},
        ),
        (
            "Ciphered prompts",
            "LLM prompts need privacy. We transform tokens; recovery attacks regain almost nothing.",
            {"data-reconstruction"},
        ),
        (
            "Fingerprints of things",
            "We model flows under encryption. Few-shot tests on device fingerprinting follow, with privacy.",
            set(),
        ),
        ("Memory safety", "We analyse programs that bypass safety checks of the compiler.", set()),
        (
            "Confiding in machines",
            "We interview users of chatbots on privacy: health disclosures seem safe to them.",
            {"unintended-disclosure"},
        ),
    ],
)
def test_look_alikes_in_security_papers(title: str, abstract: str, expected: set[str]) -> None:
    assert attacks(title, abstract) == expected


@pytest.mark.parametrize(
    ("title", "abstract", "expected"),
    [
        (
            "Aggregation with bounds",
            "Secure aggregation sums the vectors of clients. Our protocol checks norms and defends against malicious "
            "clients.",
            {"poisoning"},
        ),
        (
            "Flows seen twice",
            "Relays hide who talks to whom. We show flow correlation attacks on Tor that deanonymize sessions.",
            {"side-channel", "re-identification"},
        ),
        (
            "Power and pictures",
            "Accelerators serve models. By a power side-channel attack we recover the inputs of neural networks.",
            {"side-channel", "data-reconstruction"},
        ),
        (
            "A new attack that steals architectures: extraction attacks by plots",
            "Membership inference is helped by such knowledge. Our attack extracts the architecture of a stolen model.",
            {"model-extraction"},
        ),
        (
            "Noise against guessing",
            "We defend against membership inference: adversarial examples in a federated setting mislead the attacker.",
            {"membership-inference"},
        ),
        (
            "Which labels prevail",
            "Federated clients differ. We protect the label distribution of each client, for privacy.",
            {"property-inference"},
        ),
        (
            "Templates that can't be turned back",
            "Face templates leak. Our biometric template protection is shown to be irreversible and accurate.",
            {"data-reconstruction"},
        ),
        (
            "Children and chat",
            "We discuss privacy risks of assistants in the age of generative models, and list duties of providers.",
            set(),
        ),
        (
            "Keys in plain sight: secret leaks in repositories",
            "Developers push code to GitHub. We measure credential leaks and warn the owners.",
            {"unintended-disclosure"},
        ),
        (
            "Digits from the air",
            "Wi-Fi reaches everywhere. We show PIN inference from channel state information.",
            {"side-channel"},
        ),
        (
            "Refining what was generalised",
            "Hospitals publish tables. We present attacks on k-anonymity that need no further knowledge.",
            {"re-identification"},
        ),
        (
            "Cheats and guards",
            "Players value privacy. In the arms race we study, adversaries change their tools.",
            set(),
        ),
    ],
)
def test_attacks_in_papers_of_security_venues(title: str, abstract: str, expected: set[str]) -> None:
    assert attacks(title, abstract) == expected


@pytest.mark.parametrize(
    ("title", "abstract", "expected"),
    [
        (
            "Momentum against liars",
            "We study Byzantine-resilient stochastic gradient descent: some workers return whatever they like.",
            {"poisoning"},
        ),
        (
            "Agreeing despite faults",
            "We speed up a Byzantine fault-tolerant state machine that orders transactions.",
            set(),
        ),
        (
            "Smaller models for smaller phones",
            "In federated learning, our sub-model extraction gives each device a part of the global model.",
            set(),
        ),
        (
            "Whose copy is this?",
            "We use dataset inference as a defence against model stealing: a stolen model knows its owner's data.",
            {"model-extraction"},
        ),
        (
            "What noise keeps back",
            "We bound the success of any reconstruction attack against DP-SGD, a differentially private optimiser.",
            {"data-reconstruction"},
        ),
        (
            "Not only data are private",
            "Our mechanism gives model privacy: whoever sends queries to the model learns little of how it works.",
            {"model-extraction"},
        ),
        (
            "Cut in two",
            "In split learning, we show how a malicious server recovers the inputs of its clients.",
            {"data-reconstruction"},
        ),
    ],
)
def test_attacks_on_models_and_on_what_they_learn_from(title: str, abstract: str, expected: set[str]) -> None:
    assert attacks(title, abstract) == expected
