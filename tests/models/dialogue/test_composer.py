"""Dialogues place every sentence at the right time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.timebase import FRAME_MS
from models import script
from models.dialogue.composer import Composer
from models.dialogue.timing import ALTERNATING, HUMAN
from models.dialogue.unit_store import (
    CONFUSABLE_COUNT,
    DELAY_FRAMES,
    MARGIN_FRAMES,
    UnitStore,
    UnitUtterance,
    single_table,
)
from models.dialogue.unit_streams import Dialogue, PlacedUtterance
from models.script import coffee

AGENT_SILENCE, USER_SILENCE = 0, 1
FREE_UNIT = 195


def toy_store() -> UnitStore:
    """A store in which every sentence is one unit, 4 frames per word, between silence."""

    def speech(unit: int, words: int, silence: int, text: str = "") -> UnitUtterance:
        quiet = np.full(MARGIN_FRAMES, silence)
        units = np.concatenate([quiet, np.full(4 * words, unit), quiet]).astype(np.int16)
        times = tuple(
            (word, MARGIN_FRAMES + 4 * index, MARGIN_FRAMES + 4 * index + 4)
            for index, word in enumerate(text.split())
        )
        return UnitUtterance("toy", units, MARGIN_FRAMES, MARGIN_FRAMES + 4 * words, times)

    users = {
        text: [speech(2 + index % 90, len(text.split()), USER_SILENCE, text)]
        for index, text in enumerate(script.user_sentences())
    }
    agents = {
        text: speech(100 + index % 90, len(text.split()), AGENT_SILENCE, text)
        for index, text in enumerate(script.agent_sentences())
    }
    same = np.repeat(np.arange(200, dtype=np.int16)[:, None], CONFUSABLE_COUNT, axis=1)
    return UnitStore(
        users,
        agents,
        [np.full(150, USER_SILENCE, np.int16)],
        [np.full(150, AGENT_SILENCE, np.int16)],
        [[speech(99, 20, USER_SILENCE), speech(96, 9, USER_SILENCE)]],
        [(speech(98, 8, USER_SILENCE), coffee.sample()[index][0].reply()) for index in range(20)],
        [speech(97, 6, USER_SILENCE)],
        same,
    )


def own_units_store() -> UnitStore:
    """The toy store with an agent in units of its own, 0 to 139, of which 0 is silence. The ears
    hear what they hear in the toy store, two frames later."""
    store = toy_store()

    def own(speech: UnitUtterance) -> UnitUtterance:
        said = np.where(speech.units == AGENT_SILENCE, 0, 1 + speech.units % 139).astype(np.int16)
        heard = np.concatenate([speech.units[:1]] * DELAY_FRAMES + [speech.units[:-DELAY_FRAMES]])
        return replace(speech, units=said, heard=heard)

    return replace(
        store,
        agent={text: own(speech) for text, speech in store.agent.items()},
        agent_silence=[np.zeros(150, np.int16)],
        free_answers=[own(speech) for speech in store.free_answers],
        fillers=[own(speech) for speech in store.fillers],
        own_unit_count=140,
        heard_agent_silence=store.agent_silence,
    )


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    composer = Composer(toy_store(), 3)
    return [composer.compose(3000) for _ in range(100)]


@pytest.fixture(scope="module")
def alternating() -> list[Dialogue]:
    composer = Composer(toy_store(), 3, ALTERNATING)
    return [composer.compose(1500) for _ in range(30)]


def test_same_seed_same_dialogue() -> None:
    first, second = (Composer(toy_store(), 5).compose(600) for _ in range(2))
    np.testing.assert_array_equal(first.user, second.user)
    np.testing.assert_array_equal(first.own, second.own)


def answered(dialogue: Dialogue) -> list[tuple[PlacedUtterance, PlacedUtterance]]:
    """(question, its right answer) pairs that follow one another."""
    right = {exchange.user: exchange.agent for exchange in script.EXCHANGES}
    pairs = []
    for question in dialogue.events:
        later = [e for e in dialogue.events if e.side == 0 and e.onset >= question.offset]
        if question.side == 1 and question.text in right and later:
            first = min(later, key=lambda said: said.onset)
            if first.text == right[question.text]:
                pairs.append((question, first))
    return pairs


def test_every_question_is_answered_soon(dialogues: list[Dialogue]) -> None:
    pairs = [pair for dialogue in dialogues for pair in answered(dialogue)]
    gaps = [answer.onset - question.offset for question, answer in pairs]
    assert len(pairs) > 100
    assert min(gaps) >= 1
    # A user's short sentence may end before the agent's last one does.
    assert np.quantile(gaps, 0.97) <= 9
    assert 3 <= np.mean(gaps) <= 6


def test_stage_two_has_no_overlap(alternating: list[Dialogue]) -> None:
    spoken = 0
    for dialogue in alternating:
        events = sorted(dialogue.events, key=lambda said: said.onset)
        spoken += len(events)
        assert all(first.offset < second.onset for first, second in pairwise(events))
    assert spoken > 300


def test_users_wait_as_long_as_people(dialogues: list[Dialogue]) -> None:
    """Offsets from the agent's end to the user's next turn are distributed as people's."""
    offsets = []
    for dialogue in dialogues:
        for answer in (said for said in dialogue.events if said.side == 0):
            # Backchannels are not turns; overlap is 0.4 s at most.
            onsets = [
                s.onset - answer.offset
                for s in dialogue.events
                if s.side == 1 and s.text not in script.BACKCHANNELS
            ]
            near = [onset for onset in onsets if -10 <= onset <= 75]
            if answer.text not in script.BACKCHANNELS and near:
                offsets.append(min(near) * FRAME_MS / 1000)
    overlapped = np.mean(np.array(offsets) < 0)
    below = HUMAN.floor_transfer.share_below
    low, high = HUMAN.user_offset
    expected = (below(0) - below(low)) / (below(high) - below(low))
    assert len(offsets) > 400
    assert abs(overlapped - expected) < 0.08
    assert 0.1 < np.median(offsets) < 0.6


def test_backchannels_come_as_often_as_among_people(dialogues: list[Dialogue]) -> None:
    minutes = count = 0.0
    for dialogue in dialogues:
        told = [e for e in dialogue.events if e.side == 1 and e.text in script.LONG_TALK]
        minutes += sum(e.offset - e.onset for e in told) * FRAME_MS / 60_000
        count += sum(
            any(0 < e.onset - one.offset <= 6 and e.text in script.BACKCHANNELS
                for e in dialogue.events if e.side == 0)
            for one in told
        )  # fmt: skip
    assert minutes > 0.5
    assert 2 < count / minutes < 9


def test_real_people_are_answered(dialogues: list[Dialogue]) -> None:
    orders = {reply for _, reply in toy_store().orders}
    said = Counter(e.text for dialogue in dialogues for e in dialogue.events)
    asked = [e for d in dialogues for e in d.events if e.side == 1 and e.text in orders]
    assert len(asked) > 10
    assert said[script.FALLBACK_REPLY] > 20


def test_what_was_told_is_remembered_in_the_dialogue(dialogues: list[Dialogue]) -> None:
    known = 0
    for dialogue in dialogues:
        events = sorted(dialogue.events, key=lambda said: said.onset)
        for index, said in enumerate(events):
            if said.side == 0 and said.text.startswith("your name is "):
                name = said.text.split()[-1]
                assert any(e.side == 1 and e.text.endswith(name) for e in events[:index])
                known += 1
    assert known > 0


def test_units_lie_where_the_events_say(dialogues: list[Dialogue]) -> None:
    agents = {text: s.units[s.onset] for text, s in toy_store().agent.items()}
    for dialogue in dialogues[:10]:
        for said in dialogue.events:
            if said.side == 0 and said.offset < len(dialogue.own):
                inside = dialogue.own[said.onset : said.offset]
                assert (inside == agents[said.text]).all()


def test_long_answers_end_when_interrupted(dialogues: list[Dialogue]) -> None:
    lengths = {text: s.offset - s.onset for text, s in toy_store().agent.items()}
    joke = next(e.agent for e in script.EXCHANGES if e.intent == "joke")
    told, cut, hummed = Counter[str](), Counter[str](), 0
    waits: dict[bool, list[int]] = {False: [], True: []}
    late = 0
    for dialogue in dialogues:
        given_way = {last: first for first, last in dialogue.masked}
        for said in dialogue.events:
            if said.side == 0 and said.text in (joke, *script.STORIES):
                length = said.offset - said.onset
                told[said.text] += length == lengths[said.text]
                inside = [e for e in dialogue.events if said.onset < e.onset < said.offset]
                hummed += any(e.text in script.BACKCHANNELS for e in inside)
                if length < lengths[said.text]:
                    cut[said.text] += 1
                    users = [e for e in dialogue.events if e.side == 1]
                    cutting = min((e for e in users if e.onset > said.onset), key=lambda e: e.onset)
                    okay = cutting.text == "okay stop"
                    told_at = cutting.words[1][1] if okay else cutting.onset
                    late += said.offset in given_way
                    stop = given_way.get(said.offset, said.offset)
                    if stop < lengths[said.text] + said.onset:
                        waits[okay].append(stop - told_at)
                        assert stop % 4 == 0 and (stop - 8) // 4 >= (told_at + 3) // 4
    assert min(cut[joke], *(cut[story] for story in script.STORIES)) > 3
    assert min(told[joke], sum(told[story] for story in script.STORIES)) > 3
    assert len(waits[True]) > 3  # "okay" alone is a backchannel
    for each in waits.values():
        assert (min(each), max(each)) == (8, 11)
    assert 0.3 < late / sum(cut.values()) < 0.6  # late yields are masked
    assert hummed > 3  # and the story goes on


@pytest.mark.parametrize("chunk_frames", [5, 6])
def test_in_longer_chunks_the_agent_gives_way_no_later(chunk_frames: int) -> None:
    composer = Composer(toy_store(), 4, HUMAN, chunk_frames)
    waits = []
    for _ in range(120):
        dialogue = composer.compose(1500)
        for said in dialogue.events:
            if said.side == 0 and said.text in script.STORIES and said.offset < 1500:
                stop = next((a for a, b in dialogue.masked if b == said.offset), said.offset)
                waits += [
                    stop - e.onset
                    for e in dialogue.events
                    if e.side == 1 and e.text in ("stop", "wait") and said.onset < e.onset < stop
                ]
    assert len(waits) > 5
    assert max(waits) == 11


def test_noises_are_no_event_and_no_reason_to_stop() -> None:
    quiet = np.full(MARGIN_FRAMES, USER_SILENCE)
    bark = np.concatenate([quiet, np.full(12, 199), quiet]).astype(np.int16)
    noise = UnitUtterance("noise", bark, MARGIN_FRAMES, MARGIN_FRAMES + 12)
    composer = Composer(replace(toy_store(), noises=[noise]), 3)
    lengths = {text: s.offset - s.onset for text, s in toy_store().agent.items()}
    heard = between = 0
    for _ in range(60):
        dialogue = composer.compose(1500)
        barks = np.flatnonzero(np.diff(np.r_[0, dialogue.user == 199]) == 1)
        for onset in barks:
            talking = [e for e in dialogue.events if e.side == 0 and e.onset < onset < e.offset]
            heard += len(talking)
            between += not talking
            for story in (e for e in talking if e.text in script.STORIES and e.offset < 1500):
                inside = [
                    e for e in dialogue.events if e.side == 1 and story.onset < e.onset < e.offset
                ]
                assert inside or story.offset - story.onset == lengths[story.text]
    assert heard > 3 and between > 3


def test_words_lie_inside_what_was_said(dialogues: list[Dialogue]) -> None:
    whole = cut = 0
    for dialogue in dialogues[:20]:
        for said in dialogue.events:
            words = [word for word, _, _ in said.words]
            assert words == said.text.split()[: len(words)]
            assert all(said.onset <= onset < said.offset for _, onset, _ in said.words)
            assert all(onset < offset for _, onset, offset in said.words)
            whole += words == said.text.split()
            cut += 0 < len(words) < len(said.text.split())
    assert whole > 300
    assert cut > 3


@pytest.mark.parametrize("chunk_frames", [4, 6])
def test_with_notice_the_agent_answers_once_it_can_have_written_what_it_heard(
    chunk_frames: int,
) -> None:
    composer = Composer(toy_store(), 4, HUMAN, chunk_frames, waits_for_words=True)
    pairs = [pair for _ in range(40) for pair in answered(composer.compose(1500))]
    known = [(question.offset - 1) // chunk_frames + 2 for question, _ in pairs]
    begun = [answer.onset // chunk_frames for _, answer in pairs]
    assert len(pairs) > 30
    assert all(first >= chunk for first, chunk in zip(begun, known, strict=True))
    assert np.mean([first == chunk for first, chunk in zip(begun, known, strict=True)]) > 0.5


def test_all_situations_occur(dialogues: list[Dialogue]) -> None:
    said = Counter(e.text for dialogue in dialogues for e in dialogue.events if e.side == 0)
    assert said[script.STOPPED] > 0
    assert said[script.LONG_TALK_END] > 0
    assert sum(said[text] > 0 for text in script.BACKCHANNELS) > 1


def test_scraps_of_the_agent_reach_the_user_only_in_silence(dialogues: list[Dialogue]) -> None:
    theirs = {int(unit) for s in toy_store().agent.values() for unit in s.units[s.onset : s.offset]}
    leaked = 0
    for dialogue in dialogues:
        spoken = np.zeros(len(dialogue.user), bool)
        for said in dialogue.events:
            if said.side == 1:
                spoken[max(said.onset, 0) : said.offset] = True
        heard = dialogue.user[~spoken]
        leaked += len(theirs.intersection(heard.tolist())) > 0
    assert leaked > len(dialogues) // 2


def test_the_echo_of_own_units_is_what_the_ears_hear() -> None:
    composer = Composer(own_units_store(), 3)
    dialogues = [composer.compose(3000) for _ in range(20)]
    echoes = {int(unit) for dialogue in dialogues for unit in dialogue.user if unit >= 100}
    assert len(echoes) > 10
    assert echoes <= set(range(100, 190))
    said = {int(unit) for dialogue in dialogues for unit in dialogue.own}
    assert said <= {0, *(1 + unit % 139 for unit in range(100, 190))}


def free_answers_of(dialogue: Dialogue) -> list[tuple[int, int]]:
    """(first, last) frames in which a free answer is said, as it is found in the stream."""
    said = np.flatnonzero(np.diff(np.r_[False, dialogue.own == FREE_UNIT, False]))
    return [(int(first), int(last)) for first, last in said.reshape(-1, 2)]


def test_free_answers_are_interrupted_as_the_agents_own() -> None:
    def speech(unit: int, frames: int) -> UnitUtterance:
        quiet = np.full(MARGIN_FRAMES, AGENT_SILENCE)
        units = np.concatenate([quiet, np.full(frames, unit), quiet]).astype(np.int16)
        return UnitUtterance("toy", units, MARGIN_FRAMES, MARGIN_FRAMES + frames)

    store = replace(
        toy_store(), free_answers=[speech(FREE_UNIT, 100)], fillers=[speech(FREE_UNIT + 1, 12)]
    )
    composer = Composer(store, 3)
    whole, cut, late = 0, 0, 0
    for dialogue in (composer.compose(3000) for _ in range(100)):
        for first, last in free_answers_of(dialogue):
            if first < 100 or last > 2900:
                continue
            masked = np.zeros(3200, bool)
            for start, end in dialogue.masked:
                masked[max(start, 0) : end] = True
            # Nobody learns to begin one, nor to say the filler before it.
            assert masked[first : min(first + 25, last)].all()
            filler = np.flatnonzero(dialogue.own[:first] == FREE_UNIT + 1)[-12:]
            assert masked[filler].all()
            assert 5 <= first - filler[-1] - 1 <= 75
            # Marked as far as it is said: the silence behind an interruption is to be learned.
            assert any((start, end) == (first, last) for start, end in dialogue.free)
            whole += last - first == 100
            if last - first < 100:
                cut += 1
                late += masked[last - 1] and last - first > 26
                users = [e for e in dialogue.events if e.side == 1 and first < e.onset < last]
                assert users
    assert whole > 10
    assert cut > 10
    assert 0 < late < cut
    # Without such answers the dialogues have none.
    assert not any(Composer(toy_store(), 3).compose(3000).free for _ in range(3))


def test_a_single_table_store_has_the_ears_units_on_both_sides() -> None:
    store = own_units_store()
    text, speech = next(iter(store.agent.items()))
    single = single_table(store)
    assert single.own_unit_count == 0
    assert single.agent_silence == store.heard_agent_silence
    heard = single.agent[text]
    assert heard.onset == speech.onset + DELAY_FRAMES
    assert heard.words[0][1] == speech.words[0][1] + DELAY_FRAMES
    at = slice(heard.onset, heard.offset)
    np.testing.assert_array_equal(
        heard.units[at], toy_store().agent[text].units[speech.onset : speech.offset]
    )
    assert single_table(single) is single
