"""Makes the golden numbers of this folder.

    python -m venv venv && venv/bin/pip install sacrebleu==2.6.0 rouge-score==0.1.2 nltk==3.10.4
    venv/bin/python make.py

The texts are written for this purpose. Each file: {"made_with": ..., "cases": [...]}.
"""

import json
import pathlib

import sacrebleu
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer

HERE = pathlib.Path(__file__).parent

# answer, references
PAIRS = [
    ("The cat sat on the mat.", ["The cat sat on the mat."]),
    ("A cat was sitting on a mat.", ["The cat sat on the mat."]),
    ("The refund takes 14 days.", ["Refunds take up to 14 days.", "You get your money back in two weeks."]),
    ("", ["Something was expected here."]),
    ("word", ["word"]),
    ("word", ["another"]),
    ("two words", ["two words", "two other words"]),
    ("Completely unrelated output", ["nothing in common here whatsoever"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("It costs $1,299.50 (incl. VAT) - that's 3.5% more!", ["It costs $1,299.50 incl. VAT, i.e. 3.5 % more."]),
    ("He said \"yes\"; she said 'no' & left at 9:30-10:00.", ["He said &quot;yes&quot;; she said 'no' &amp; left at 9:30 - 10:00."]),
    ("line one\nline two\nhyphen-\nated word", ["line one line two hyphenated word"]),
    ("Die Größe beträgt 3,5 Meter.", ["Die Größe ist 3,5 Meter.", "Sie misst 3,5 Meter."]),
    ("Ça coûte dix euros", ["Cela coûte 10 euros"]),
    ("東京は日本の首都です。", ["日本の首都は東京です。"]),
    ("Привет, мир!", ["Привет мир"]),
    ("x", ["xyz"]),
    ("short", ["a very much longer reference sentence than the short answer itself"]),
    ("a very much longer answer than the reference, which repeats itself and repeats itself", ["repeats itself"]),
    ("(hi) there... really?!", ["hi there, really"]),
    ("  leading and trailing spaces\t", ["leading and trailing spaces"]),
    ("UPPER lower Mixed", ["upper LOWER mixed"]),
    ("The engines were running, the runners ran and the run was easily organised.", ["An engine runs; runners running easily organise runs."]),
    ("Relational databases conditionally digitise hopefulness and sensitivities.", ["The relation of a database is a condition of digitised hope and sensitivity."]),
    ("e-mail, state-of-the-art and 24-7", ["email state of the art 24/7"]),
    ("Customers complained that the shipment, ordered on 3 May, never arrived; support replied within 2 hours and issued a full refund.",
     ["The customer complained about a shipment ordered on 3 May that never arrived. Support answered in two hours and refunded everything.",
      "Support issued a full refund within 2 hours after a complaint that the shipment never arrived."]),
    ("no emoji 🙂 here 🙃", ["emoji 🙂 there 🙃"]),
    ("1 2 3 4 5 6 7 8 9 10", ["10 9 8 7 6 5 4 3 2 1"]),
    ("a b c d e f g", ["a x b y c z d"]),
]

WORDS = """
caresses ponies ties caress cats dies flies feed agreed plastered bled motoring sing conflated
troubled sized hopping tanned falling hissing fizzed failing filing happy sky enjoy spied died
relational conditional rational valency hesitancy digitizer conformably radically differently vilely
analogously vietnamization predication operator feudalism decisiveness hopefulness callousness
formality sensitivity sensibility triplicate formative formalize electricity electrical hopeful
goodness revival allowance inference airliner gyroscopic adjustable defensible irritant replacement
adjustment dependent adoption homologous communism activate angularity effective bowdlerize probate
rate cease controlling rolling news innings outing canning howe proceed exceed succeed dying lying
geology theology archaeology apology logically carefully hopefully fully skies spying yyyy sayyed
eyes byte types using used ing ed ss es ies ied s123 a1b2 running runner engines easily organised
organisation generously national nationality traditional conditionally usefulness abilities
""".split()


def write(name, made_with, cases):
    text = json.dumps({"made_with": made_with, "cases": cases}, ensure_ascii=False, indent=1)
    (HERE / name).write_text(text + "\n", encoding="utf-8")


def main():
    bleu, chrf, rouge = [], [], []
    for answer, references in PAIRS:
        for lower in (False, True):
            score = sacrebleu.sentence_bleu(answer, references, lowercase=lower).score
            bleu.append({"answer": answer, "references": references, "ignore_case": lower, "score": score / 100})
            for word_order in (0, 2):
                metric = sacrebleu.CHRF(word_order=word_order, lowercase=lower)
                score = metric.sentence_score(answer, references).score
                chrf.append({"answer": answer, "references": references, "ignore_case": lower,
                             "word_order": word_order, "score": score / 100})
        for stem in (False, True):
            scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=stem)
            for reference in references:
                score = scorer.score(reference, answer)["rougeL"]
                rouge.append({"answer": answer, "references": [reference], "stem": stem,
                              "f1": score.fmeasure, "precision": score.precision, "recall": score.recall})
            best = scorer.score_multi(references, answer)["rougeL"]
            rouge.append({"answer": answer, "references": references, "stem": stem, "f1": best.fmeasure})
    stemmer = PorterStemmer()
    made = f"sacrebleu {sacrebleu.__version__}"
    write("bleu.json", made, bleu)
    write("chrf.json", made, chrf)
    write("rouge_l.json", "rouge-score 0.1.2", rouge)
    write("porter.json", "nltk 3.10.4", [{"word": word, "stem": stemmer.stem(word)} for word in WORDS])


main()
