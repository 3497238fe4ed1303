"""The file that `plaudit programme init` writes."""

from typing import Final

BEGINNING: Final = """\
# What this community thanks its members for. Every rule gives points for events that a platform sends;
# publish it, and each publication is a new version. Nothing that was awarded changes with one.
programme: {programme}
title: {title}
description: What we thank each other for.

rules:
  - id: answer                        # keep it: awards name it, and limits count by it
    title: Answered somebody
    on: [forum.reply.v1]
    # Nothing for a thumbs-up in words.
    when: "!has(data.length_chars) || data.length_chars >= 20"
    points: 3
    daily_cap: 30                     # at most so many points a day

  - id: answer-accepted
    title: Had an answer accepted
    on: [forum.answer_accepted.v1]
    to: object_author                 # the asker accepts; who wrote the answer has the points
    points: 15

recognition:
  badges:
    - {{id: helper, title: Helper, rule: answer-accepted, at_least: 10}}
  levels:
    - {{id: seedling, title: Seedling, points: 0}}
    - {{id: oak, title: Oak, points: 1000}}
  quests:
    - id: first-steps
      title: First steps
      steps:                          # in any order; what was done before counts, too
        - {{id: help, title: Answer three times, rule: answer, times: 3}}
        - {{id: solve, title: Have an answer accepted, rule: answer-accepted}}
"""
