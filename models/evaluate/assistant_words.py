"""Measures the assistant without sound: requests understood, talk left alone, questions answered.

    python -m models.evaluate.assistant_words [--dialogues FOLDER] [--model FILE] [--every N]

FOLDER has files of dialogues (*.jsonl.gz, one object with "turns" a line). Every hit in them is
printed, because only a person can tell a request in a dialogue from a false one. With FILE, a GGUF
chat model answers the questions in this process, on one thread. Its times are the processor's, so
that other programs do not count.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from engine.assistant.actions import parse
from engine.assistant.for_the_ear import SpokenSentences
from engine.assistant.talk_history import DEFAULT_PROMPT, TalkHistory
from engine.assistant.text_mind import ANSWER_TOKENS
from models.evaluate.spoken_requests import NOON, QUESTIONS, REQUESTS, shown

_SENTENCES = 3
_CONTEXT_TOKENS = 2048
_TEMPERATURE = 0.0


def understood() -> tuple[int, int]:
    """How many requests are understood with their slots: as they are said, as they are written."""
    right = [0, 0]
    for said, written, action, slots in REQUESTS:
        for form, text in enumerate((said, written)):
            request = parse(text, NOON)
            fits = request is not None and request.action == action
            if fits and request and sorted(shown(request).split()) == sorted(slots.lower().split()):
                right[form] += 1
            else:
                print(f"  not understood: {text}")
    return right[0], right[1]


def utterances(folder: Path, every: int) -> Iterator[tuple[str, str]]:
    """Each different utterance of every ``every``-th dialogue, with its file's name."""
    seen: set[str] = set()
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf8") as lines:
            for index, line in enumerate(lines):
                if index % every:
                    continue
                dialogue = json.loads(line)
                if any(service.startswith("Alarm") for service in dialogue.get("services", ())):
                    continue  # requests to set alarms
                for turn in dialogue["turns"]:
                    text = turn if isinstance(turn, str) else turn[1]
                    if text not in seen:
                        seen.add(text)
                        yield path.name, text


def left_alone(folder: Path, every: int) -> None:
    """Print what of ordinary talk is taken for a request."""
    count, hits, kinds = Counter[str](), Counter[str](), Counter[str]()
    for name, text in utterances(folder, every):
        count[name] += 1
        request = parse(text, NOON)
        if request and not request.weak:
            hits[name] += 1
            kinds[request.action] += 1
            print(f"  {name} {request.action}: {text[:120]}")
    for name, number in count.items():
        print(f"{name}: {hits[name]} of {number}, {1000 * hits[name] / number:.2f} per 1,000")
    print("of them", dict(kinds))


def answered(path: Path) -> None:
    """Print how well and how fast a model answers."""
    from engine.assistant.chat_model import ChatModel

    begin = time.perf_counter()
    model = ChatModel(path, _CONTEXT_TOKENS, 1, 0)
    print(f"loaded in {time.perf_counter() - begin:.1f} s")
    right = asked = tokens = 0
    firsts_ms, writing_s, processor = [], 0.0, time.process_time
    model.feed(model.prompt(TalkHistory().messages(DEFAULT_PROMPT, NOON, "Hello."), 1))
    for question, words in QUESTIONS:
        messages = TalkHistory().messages(DEFAULT_PROMPT, NOON, question)
        sentences, said, first = SpokenSentences(_SENTENCES), list[str](), 0.0
        begin = processor()
        model.feed(model.prompt(messages, ANSWER_TOKENS))
        read = processor()
        for piece in model.answer(ANSWER_TOKENS, _TEMPERATURE, 1):
            tokens += 1
            said += sentences.push(piece)
            first = first or (processor() - begin if said else 0.0)
            if sentences.full:
                break
        said += sentences.finish(model.ended)
        writing_s += processor() - read
        firsts_ms.append(1000 * (first or processor() - begin))
        answer = " ".join(said)
        fits = not words or any(word in answer.lower() for word in words)
        asked, right = asked + bool(words), right + (fits and bool(words))
        print(f"  {'' if not words else 'right' if fits else 'WRONG'} {question} {answer}")
    firsts_ms.sort()
    middle, late = firsts_ms[len(firsts_ms) // 2], firsts_ms[int(0.9 * len(firsts_ms))]
    print(f"{right} of {asked} right; first sentence p50 {middle:.0f} ms, p90 {late:.0f} ms; "
          f"{tokens / writing_s:.1f} tokens/s")  # fmt: skip
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    model.close()


def main() -> None:
    """Run what the options name."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--dialogues", type=Path)
    parser.add_argument("--every", type=int, default=10)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    said, written = understood()
    print(f"{said} and {written} of {len(REQUESTS)} requests understood, as said and as written")
    if options.dialogues:
        left_alone(options.dialogues, options.every)
    if options.model:
        answered(options.model)


if __name__ == "__main__":
    main()
