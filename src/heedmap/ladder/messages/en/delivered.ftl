### Rung 0: the words before the policy

delivered_title = Delivered (rung 0)
delivered_nothing = Not measured: nothing in it says any words.
delivered_holds_steps = The words that reached the policy showed nothing odd in { $total } steps.
delivered_holds_instructions = The words of all { $total } instructions are those that are asked for, as far as they were compared.
delivered_not_asked = The words that reach the policy are not those that the task asks for.
delivered_empty_words = The policy gets no words.
delivered_split_words = The words reach the policy as single characters.
delivered_stale_words = The policy gets words of an earlier instruction again.
delivered_altered_words = The words reach the policy with something added, cut off or garbled.
delivered_outside_training = The words that reach the policy are none that it was trained on.
delivered_count_steps = So it was in { $count } of { $total } steps.
delivered_count_instructions = So it is in { $count } of { $total } instructions.
delivered_example = Example: "{ $said }".
delivered_example_beside = Example: "{ $said }" beside "{ $other }".
fix_delivered_not_asked = Make the evaluation say the task's own words; its results so far are about another instruction.
fix_delivered_empty_words = Look where the client takes the instruction from, and why it is empty there.
fix_delivered_split_words = Pass the instruction as one text, not as a list of its characters.
fix_delivered_stale_words = Look for two places that set the instruction, or for a queue that holds old observations.
fix_delivered_altered_words = Pass only the instruction's own words.
fix_delivered_outside_training = Use the training wording where a known task is meant; where new wording is the test, say so in the results.
