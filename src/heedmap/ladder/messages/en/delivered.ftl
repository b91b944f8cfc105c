### Rung 0: the words before the policy

delivered_title = Delivered (rung 0)
delivered_nothing = Not measured: no words passed, or none are said to a policy in this audit of words.
delivered_holds_steps = The tap found no fault in the words of { $total } { $total ->
    [one] step
   *[other] steps
  }.
delivered_holds_instructions = No fault was found in the words of { $total } { $total ->
    [one] instruction
   *[other] instructions
  }.
delivered_not_compared_steps = Training instructions were not compared; that needs `heedmap tap --trained`.
delivered_not_compared_instructions = Training instructions were not compared; that needs `heedmap words --trained`.
delivered_in_steps = In { $count } of { $total } { $total ->
    [one] step
   *[other] steps
  } { $what }
delivered_in_instructions = In { $count } of { $total } { $total ->
    [one] instruction
   *[other] instructions
  } { $what }
delivered_not_asked = the policy is given other words than the task asks for.
delivered_empty_words = no instruction reaches the policy: the words are missing, empty or a placeholder.
delivered_split_words = the words fell apart into single characters.
delivered_stale_words = the policy gets the words of an earlier instruction again, as from an old observation.
delivered_altered_words = the words are no clean sentence: something is added, cut off or garbled, or they are a name as programs write it.
delivered_outside_training = the words are those of no training instruction.
delivered_other_form = the words have another form than in training, such as a full stop or capitals.
delivered_example = Given: “{ $said }”.
delivered_asked = Asked: “{ $other }”.
delivered_trained = Nearest in training: “{ $other }”.
delivered_more = Also found: { $more }.
fix_delivered_not_asked = See which of the two fits the goal of the task, and give the policy that one; results so far are about the words that were given.
fix_delivered_empty_words = Look where the client takes the instruction from, and why it is not there.
fix_delivered_split_words = Pass the instruction as one text, not as a list of its characters.
fix_delivered_stale_words = Look for two places that set the instruction, or for a queue that holds old observations.
fix_delivered_altered_words = Pass only the instruction's own words, as the policy was trained on them.
fix_delivered_outside_training = Use the training wording where a known task is meant; where new wording is the test, say so in the results.
fix_delivered_other_form = Write the instruction as the training data do.
