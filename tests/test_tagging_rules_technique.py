"""Techniques by the guide: each text is short, and says one thing that decides a label or its look-alike."""

import pytest

from app.tagging.tagger import load_tagger

TAGGER = load_tagger()

CASES = [
    # A paper's own work, not related work, baselines or a mention in passing.
    ("Faster sampling", "We propose a sampler. Unlike differential privacy, it needs no noise.", ""),
    ("Faster sampling", "Federated learning is popular. We propose a new image tokenizer.", ""),
    # Federated and decentralized learning need no word on privacy; the rest does.
    ("Client selection", "We speed up federated learning by choosing clients that matter.", "federated-learning"),
    ("Gossip SGD", "We study decentralized training, where nodes gossip over a graph.", "decentralized-learning"),
    # Optimisation between a server and workers that hold the data, or over a network of agents, is learning of theirs.
    ("Fewer bits", "We compress gradients in distributed optimization, to save communication.", "federated-learning"),
    ("Duals", "We study distributed optimization over a network of agents.", "decentralized-learning"),
    ("One from many", "We train a classifier from hospitals that cannot share data for privacy.", "federated-learning"),
    ("Swarms", "We plan paths by distributed optimization over a network of robots.", ""),
    ("Ten banks", "Banks jointly train a detector without pooling their ledgers.", "federated-learning"),
    ("Drift", "We correct the client drift of FedAvg when data are heterogeneous.", "federated-learning"),
    ("Robust averages", "We average weights. This may be useful in few-shot and federated learning.", ""),
    ("Server free", "We study federated learning without a central server, among trusted neighbours.",
     "decentralized-learning"),
    ("Decentralized optimization", "Federated or not, clients send bits to their neighbors in a graph. We"
     " track gradients under data heterogeneity across clients.", "decentralized-learning"),
    ("Cut", "Clients send intermediate activations to a server that runs the rest of the model. We keep them private.",
     "split-learning"),
    # What is one client's own, and what is one party's part of the features.
    ("Experts", "In federated learning a single global model is suboptimal for heterogeneous users. We train many.",
     "personalized-fl"),
    ("Columns", "We study federated regression, where each agent observes a different subset of the features.",
     "vertical-fl"),
    ("Posts", "We protect mail by post-quantum encryption with standard ciphers.", ""),
    ("Fewer points", "We give decremental learning of kernel machines, as privacy asks.", "machine-unlearning"),
    ("Locked files", "We detect ransomware by the entropy of encrypted files; cryptographic keys play no part.", ""),
    ("Compact nets", "We distill a teacher into a student that runs on mobile devices.", ""),
    ("Vertical federated trees", "We train trees over vertically partitioned data.", "vertical-fl"),
    ("Personalized federated learning", "We learn a personalized model for each client.", "personalized-fl"),
    # Rule 7: fitting a model is DP training, statistics and learnability are differential privacy.
    ("Better DP-SGD", "We train deep networks with differential privacy by DP-SGD.", "dp-training"),
    ("Private convex optimization", "We give rates of differentially private stochastic optimization.", "dp-training"),
    ("Private histograms", "We release histograms under differential privacy.", "differential-privacy"),
    ("Private PAC learning", "We bound the samples of differentially private PAC learning.", "differential-privacy"),
    # A guarantee of its family that is never called by its name is told by what only such work says.
    ("Grouping by votes", "We give an algorithm with provable privacy guarantees. Its additive error is optimal for "
     "fixed privacy parameters.", "differential-privacy"),
    ("Private learners of thresholds", "We show that private learners need a larger sample complexity than others.",
     "differential-privacy"),
    ("Private learning of a secret", "We bound queries in bayesian private learning against an eavesdropper.", ""),
    ("Keys from noise", "We prove privacy amplification for quantum key distribution.", ""),
    ("Small hearts", "We count beats. We discuss limits: an absence of formal differential privacy guarantees.", ""),
    # Choosing hyperparameters under DP is part of training; testing hypotheses about a regression isn't.
    ("Differentially private hyperparameter tuning", "We tune models under differential privacy.", "dp-training"),
    ("Hypothesis tests for differentially private regression", "We test hypotheses about private regression.",
     "differential-privacy"),
    # Rule 9: local DP is what users do before their data leaves them.
    ("Private frequencies", "We estimate frequencies under local differential privacy (LDP).", "local-dp"),
    ("Counting forever", "We study differentially private counting under continual observation.", "continual-release"),
    # Abbreviations mean what the text says they mean.
    ("Fast heart images", "We segment transesophageal echocardiography (TEE) images.", ""),
    ("Enclaves", "We run private inference in a trusted execution environment (TEE).", "trusted-execution"),
    ("Model predictive control", "We control a drone with MPC.", ""),
    # Rules 10-12: hiding, anonymising, and making people unrecognisable.
    ("Hiding gender", "We learn representations of speech that hide sensitive attributes, for privacy.", "obfuscation"),
    ("Photos of no use", "We make personal pictures unlearnable, so that nobody trains on them.", "obfuscation"),
    ("My drawings", "Against style mimicry of artists we add imperceptible perturbations.", "obfuscation"),
    ("Searching among decoys", "We protect privacy by sending fake queries besides the true ones.", "obfuscation"),
    ("Crowds of places", "For privacy we publish locations so that each user hides among k others.", "anonymization"),
    ("Rulings", "We find and mask the names of parties in court decisions, for privacy.", "text-sanitization"),
    ("Blurred streets", "We propose a face anonymization for pedestrians' privacy.", "visual-anonymization"),
    ("Clinical notes", "We mask personal information (PII) in clinical notes for privacy.", "text-sanitization"),
    ("Grouped records", "We publish records under k-anonymity so that privacy is kept.", "anonymization"),
    # Rule 15: generation with privacy as a reason.
    ("Synthetic health records", "Privacy hinders sharing. We generate synthetic patient records.", "synthetic-data"),
    ("A better detector", "We propose a detector. We test it on synthetic data and protect privacy.", ""),
    # Rule 16: local by intent, and privacy named.
    ("A chatbot on device", "We run a language model on smartphones, so that private data stays local.", "on-device"),
    # Rule 17: measurement is a contribution, an ordinary evaluation is none.
    ("Auditing privacy of language models", "We audit what models leak about their training data.", "auditing"),
    ("Do chest models leak?", "We quantify the privacy leakage of chest models by membership inference.", "auditing"),
    ("An open problem", "We ask whether privacy costs anything in online learning.", ""),
    # Sensors are a measure of privacy only where the paper says so.
    ("People by WiFi", "We estimate human pose from WiFi signals, in order to preserve the privacy of people.",
     "visual-anonymization"),
    ("People by radar", "We estimate human pose from radar signals in fog.", ""),
    # A model made from a model because its data can't be had.
    ("Compressing without data", "Privacy concerns lock data up. We quantize data-free, with generated samples.",
     "synthetic-data"),
    # Splitting a network saves energy; it is split learning where data is kept from somebody.
    ("Split computing", "We compress the features of split computing between a phone and a server.", ""),
    ("Split learning", "We propose split learning that keeps raw data with the clients.", "split-learning"),
    # Security without privacy is none of this; cryptography is its own setting.
    ("A ransomware ledger", "We detect ransomware payments on the Bitcoin blockchain.", ""),
    ("Encrypted networks", "We evaluate neural networks under fully homomorphic encryption.", "homomorphic-encryption"),
    ("Forgetting faces", "We propose machine unlearning that removes identities.", "machine-unlearning"),
    # A stream that is released over time, and one that only saves memory.
    ("Private counts on streams", "We release differentially private counts of a stream at every time step.",
     "continual-release"),
    ("A private power method", "We give a differentially private method of linear memory in a streaming setting.",
     "differential-privacy"),
    # Rule 7 by the title's topic: a fitted predictor, and a distribution.
    ("Differentially private fair learning", "We train classifiers under differential privacy.", "dp-training"),
    ("Differentially private learning of discrete distributions", "We learn an unknown distribution under privacy.",
     "differential-privacy"),
    # Rule 6: gossip between clients is decentralized, gossip between robots isn't.
    ("Learning by gossip", "We let clients exchange models with random peers and train without a server.",
     "decentralized-learning"),
    ("Swarms", "We let robots exchange messages with neighbours by gossip.", ""),
    # Obfuscation in its further forms: content under noise, a model's answers against thieves, answers to trackers.
    ("Prompts under noise",
     "We protect the user's private text by mixing it with noise tokens, so that the server cannot infer it.",
     "obfuscation"),
    ("Nobody reads the sender", "We propose an anonymous messaging protocol that hides the source.", "anonymization"),
    ("Motion without a camera", "Video raises privacy issues. We use contact force sensors to recognise motion.",
     "visual-anonymization"),
    ("Erasing signs", "We erase text in scene images, so as to hide private information.", "text-sanitization"),
    # A model that learned elsewhere, and one whose weights come from several holders.
    ("Merging hospital models", "Privacy forbids sharing. We propose merging weights of models trained separately.",
     "model-merging"),
    ("Object fusion", "We propose sequential model fusion for detection without keeping old images.", ""),
    # Who may see what, and what the law says.
    ("Dormant permissions", "We propose to generate IAM policies with few permissions against data breaches.",
     "access-control"),
    ("Explanations and the GDPR", "We ask what explanations the regulation entitles people to.", "governance"),
    ("Who should govern AI?", "We survey researchers on the governance of AI.", ""),
    # Security alone is no setting: nobody's data is to be kept.
    ("Least privilege for robots", "We propose role-based access control for the security of their motion.", ""),
    ("Enclaves for games", "We propose a remote attestation protocol with TEEs that stops cheating.", ""),
    # Somebody's own store that a model looks things up in; a corpus that came anonymised is no work on anonymity.
    ("A chatbot for one", "We retrieve from a user's private notes for a language model.", "retrieval-augmentation"),
    ("Emergency calls", "We release a corpus of anonymized transcripts and detect intents. Privacy was kept.", ""),
    # Data that can't be shared, and some made in its place; a student in place of a model behind a wall.
    ("Artificial dialogues", "We simulate dialogues between doctors and patients, since real ones are private.",
     "synthetic-data"),
    ("Only answers", "For privacy reasons, we distil the source model's predictions into a target network.",
     "knowledge-distillation"),
    ("Street games", "We render a virtual city to train detectors of bears.", ""),
    # Inference that a server computes without seeing its input.
    ("Fewer nonlinearities", "We drop each ReLU that makes private inference slow.", "secure-computation"),
    # A survey's topics count though they are listed, a rival or the plans for later don't.
    ("A survey of safe data", "This survey reviews measures such as homomorphic encryption.", "homomorphic-encryption"),
    ("Faster rounds", "Clients train privately. Our scheme outperforms homomorphic encryption baselines.",
     ""),
    ("Insider risk", "We score insiders. Future enhancements include federated learning.", ""),
    # What a defence that is put to the test is counts too.
    ("Lost rows", "We attack tables of private counts. We find that differential privacy fails to stop reconstruction.",
     "differential-privacy"),
    # Only the sum of the updates is seen.
    ("Summed", "Devices send inputs for private statistics; the server learns only the sum.", "secure-aggregation"),
    ("Federated identity", "We reason about login over vendors.", ""),
    ("Inverting states", "We recover prompts from intermediate states in distributed inference of language models.",
     "split-learning"),
    ("Unlearning backdoors", "We erase triggers by machine unlearning and retraining.", ""),
    ("Exact forgetting", "We remove the influence of users' data from a trained model without retraining.",
     "machine-unlearning"),
    # What somebody alters so that a machine can't use or copy it.
    ("Guarding portraits", "We add adversarial noise to portraits, to disrupt deepfake edits of private people.",
     "obfuscation"),
    ("Keeping a goal", "We plan paths that conceal the target from an adversary, for privacy.", "obfuscation"),
    # A new attack is no audit; the same attack as a yardstick over many models is one.
    ("Inference attacks on encoders", "We propose a novel membership inference attack on image encoders.", ""),
    ("Encoders leak",
     "We systematically benchmark membership inference on ten encoders, measure privacy leakage and find how it grows.",
     "auditing"),
    # Prompts that are rewritten before they leave; a model that is made to stay; a device that is only attested.
    ("Asking with care", "We detect private details and reformulate user prompts for a chatbot.",
     "text-sanitization"),
    ("A small tagger", "We present a model for private notes that is designed for local deployment.", "on-device"),
    ("Attested sensors", "We protect the model on an edge device, and user privacy, by remote attestation.",
     "trusted-execution"),
    ("Segments", "We propose zero-trust access policies for plants with confidential records.", "access-control"),
    # Experts trained apart become one model; robustness to merging is no merging.
    ("One from many", "We unify independently trained experts, as private data cannot be shared.", "model-merging"),
    ("Marks", "Our mark of ownership is robust to model merging of private models.", ""),
    # What runs elsewhere sees only values out of order, and stolen weights are of no use.
    ("Inference elsewhere", "Our confidential service computes on permuted hidden states only.", "obfuscation"),
    ("Guarded models", "We perturb weights of critical layers, which protects the model against model stealing.",
     "obfuscation"),
    ("Which features matter", "Our permutation feature importance is for private data too.", ""),
    # Anonymity of messages, event logs and leaked names show nobody in a picture, and name no text.
    ("Event logs", "We measure the impact of partitioning on anonymization of private logs.", "anonymization"),
    ("Attackers want PII", "We show how agents are led to private records.", ""),
    ("Zero trust for plants", "We propose continuous authentication against unauthorized use of sensitive data.",
     "access-control"),
    # A law that a method is said to suit is no work on the law.
    ("Forecasts", "Our private forecasts address critical needs for regulatory compliance.", ""),
    # What a title asks is measured; what an abstract asks may not be.
    ("Do they see it?", "We ask whether teleconferencing filters truly protect privacy.", ""),
    ("Do filters truly protect privacy?", "We measure by experiments what they leave.", "auditing"),
    # Only totals may be seen; only those may see whom a policy lets.
    ("Totals", "We learn regression from aggregated data, as privacy laws protect the records.", "anonymization"),
    ("Monitors", "We propose a monitor of agents that stops unauthorized data flows of private data.",
     "access-control"),
    # What an assistant keeps of its user and fetches again.
    ("Remembering drivers", "Users have concerns about privacy. Our assistant stores and retrieves their preferences.",
     "retrieval-augmentation"),
    ("Recurrent nets", "We forecast sales by a long short-term memory, with privacy concerns left aside.", ""),
    # A ledger beside federated learning leaves the server; one that takes its place makes it decentralized.
    ("A ledger for records", "We log access to private records on a blockchain, and train by federated learning.",
     "federated-learning blockchain"),
    ("Blockchain-based federated learning", "We let smart contracts aggregate the clients' models.",
     "decentralized-learning blockchain"),
    # Models that were trained under DP before are no training under DP; DP that is named among measures neither.
    ("Private model deduplication", "We deduplicate models under differential privacy (DP) without further training.",
     "differential-privacy"),
    ("A survey of private learning",
     "In this survey, we review training with homomorphic encryption and differential privacy.",
     "differential-privacy homomorphic-encryption"),
    ("DP-Net: a dual-phase network for privacy", "We propose a dual-phase (DP) network.", ""),
    # Two parties infer together; what is only stored is encrypted.
    ("Secure transformer inference", "We speed up secure inference; the server learns nothing of the client's input.",
     "mpc"),
    # A part of the model stays with its client.
    ("Federated vision", "Each client trains a personalized expert for its data.", "personalized-fl"),
    # What is to be forgotten, and what quantum keys forget.
    ("Dampening", "We dampen the weights that matter to the forget set.", "machine-unlearning"),
    ("Certified deletion", "We show that quantum ciphertexts of private data can be deleted for certain.", ""),
    # A server that learns the sum alone.
    ("Sums", "In federated learning, our server computes the clients' sum without learning any individual one.",
     "federated-learning secure-aggregation"),
    ("Cache attacks", "We extract keys from SGX by a cache attack.", "trusted-execution"),
    ("Vertical boosting", "We fit trees to what parties hold, as privacy forbids sharing.", "vertical-fl"),
    # Four parties, shares of secrets and oblivious networks compute together; a secret's sharer does not.
    ("A 4PC framework", "We present an efficient four-party protocol (4PC) for private regression.", "mpc"),
    ("Oblivious neural network inference", "We design protocols so that the server sees no private input.", "mpc"),
    ("Secret sharers", "We show how neural networks leak private sequences.", ""),
    ("Private computation for two", "Our two servers run a secure computation on private data.", "mpc"),
    # Federations that train nothing.
    ("Federated data ecosystems", "We log for owners of private data who trains models on it.", ""),
    ("Secure scheduling", "In this federated setting, our protocol leaks no confidential information.", ""),
    # What a rival or another field does with it.
    ("Cryptographic inferences for videos", "Our system infers privately and is faster: 3x vs. Intel SGX.",
     "secure-computation"),
    ("Where people are: releasing locations", "We perturb locations with differential privacy.", "local-dp"),
    ("Federated learning as a game", "Each client sets its privacy budget as the server pays.",
     "dp-training federated-learning"),
    # Traffic made alike is obfuscation; an attack on a defence of code is not.
    ("Padding pages", "We propose a padding scheme for privacy against website fingerprints by sniffers.",
     "obfuscation"),
    ("Obfuscation-resilient leak detection", "We detect privacy leaks of apps in spite of obfuscation.", ""),
    # A counterexample to a guarantee audits it.
    ("Finding violations", "We estimate the privacy of mechanisms: our tool finds violations of differential privacy, "
     "and we find that their privacy loss is underestimated.", "auditing differential-privacy"),
    # What flows may be declared is access control; a privileged party is none.
    ("Flows of sensitive data", "Our system lets apps declare their data flows and enforces these on sensitive data.",
     "access-control"),
    ("Privileged parties", "We train privately by secret sharing among parties, one privileged.", "mpc"),
    # Servers of which one is honest; consent withdrawn from a page is nothing forgotten by a model.
    ("Totals of many", "Our servers learn nothing about private values as long as one server is honest.", "mpc"),
    ("Consent banners", "We study how users declare their withdrawal of consent to private data.", "governance"),
    ("Consistent answers after LLM unlearning", "We find that fictitious answers conflict.", "machine-unlearning"),
    # Noise by a shuffler's rules is local only where the paper says so.
    ("Bounds in the shuffle model", "We bound the differential privacy of local randomizers.", "shuffle-dp"),
    # Protocols for what networks compute between their layers; servers that are trusted together.
    ("Private inference", "We design secure protocols for nonlinear functions in private inference.", "mpc"),
    ("Many servers", "We propose a secure multi-server protocol that offers input privacy.", "mpc"),
    ("Totals", "Clients keep their private vectors, and the server can only access the sum of them.",
     "secure-aggregation"),
    # Concepts of artists are forgotten; spurious features that are unlearnt are nobody's data.
    ("Ablating concepts", "We propose ablating concepts of artists from diffusion models.", "machine-unlearning"),
    ("Adversarial unlearning", "We help the model to unlearn spurious features.", ""),
    # Sampling of unknown data for inference makes no data to share.
    ("Data augmentation MCMC for inference", "We propose data augmentation for inference from private data.", ""),
    # Generative classifiers generate nothing.
    ("Classifiers leak", "We find that generative text classifiers leak private data.", ""),
]  # fmt: skip


@pytest.mark.parametrize(("title", "abstract", "label"), CASES)
def test_technique(title: str, abstract: str, label: str) -> None:
    """The techniques, and no other ones."""
    tags = TAGGER.tag(title, abstract)
    assert {tag.label for tag in tags if tag.facet == "technique"} == set(label.split())
