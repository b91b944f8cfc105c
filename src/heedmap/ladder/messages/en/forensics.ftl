# Published tables of attention: what they show (finding_*), and what they cannot (cannot_*).

forensics_read = { $layers } per-layer and { COUNT($summary, "summary row/summary rows") } of { $models } { $models ->
    [one] model
   *[other] models
  }.
forensics_found = What the figures show
forensics_nothing = No finding.
forensics_in_all = ({ $count } in all)
forensics_cannot = What no such table can prove

finding_name_always_zero = a region is always 0
finding_name_identical_instructions = instructions look the same
finding_name_follows_length = only the token count matters
finding_name_impossible_share = impossible shares
finding_name_attended_below_text_len = the mask is that of the text
finding_name_image_larger_than_visible = image larger than what is visible
finding_name_mean_hides_last = the mean hides the last layer
finding_name_summary_differs = summary and layers differ
finding_name_unaccounted = attention in no region

finding_always_zero = The region '{ $region }' is { $figures ->
    [rounded] 0.0 % as printed
   *[exact] exactly 0
  } in { $rows } of { COUNT($rows, "row/rows") }, for { $models } of { COUNT($total, "model/models") }: its positions are masked, or nothing is there. A visible region with little attention keeps a small share in some layer.
finding_identical = '{ $first }' and '{ $second }' agree in { $layers } of { COUNT($layers, "layer/layers") } for { $models } of { COUNT($total, "model/models") }, to the last digit given{ $others }: the content of these instructions does not reach the attention of the action token.
finding_others = , while { $differing }
finding_differs = '{ $name }' differs for { $models } of { $total }
finding_follows_length = Instructions of equal token count agree in all { COUNT($same, "pair/pairs") }, those of unequal token count differ in all { $other }: only the number of tokens affects the attention, as through a mask, and not their content.
finding_unaccounted = The shares do not add up to 100 %: in { $rows } of { COUNT($total, "row/rows") } more than { $least } of the attention is in no named region, up to { $most } ({ $worst }). The table does not say where it goes.
finding_impossible = { $rows } { $rows ->
    [one] row has
   *[other] rows have
  } impossible shares: below 0, or together above 100 %. The regions overlap, or these are not attention weights.
finding_below_text = Every attended position is below the instruction's token count ({ $lengths }; highest: { $highest }): the mask in effect is that of the text.
finding_image_larger = The image region is attended only at positions 0-{ $highest }: a declared image of more than { COUNT($tokens, "token/tokens") } is larger than what was visible.
finding_mean_hides = The mean over layers and the last layer differ widely in { $cases } { $cases ->
    [one] case
   *[other] cases
  }, most for { $model }, { $instruction }: { $region } { $mean } on the mean, { $last } in the last layer, { $lowest } in layer { $layer }.
finding_summary = { $rows } summary { $rows ->
    [one] row does
   *[other] rows do
  } not follow from the per-layer rows.
finding_summary_zero = The region '{ $region }' is { $figures ->
    [rounded] 0.0 % as printed
   *[exact] exactly 0
  } in the last layer and on the mean over layers in { $rows } of { COUNT($rows, "row/rows") }, for { $models } of { COUNT($total, "model/models") }: its positions are masked, or nothing is there. A visible region with little attention keeps a small share in some layer; the per-layer table would show it.
finding_summary_identical = '{ $first }' and '{ $second }' agree in every column for { $models } of { COUNT($total, "model/models") }, to the last digit given: the content of these instructions does not show in the attention of the action token. Ask for the per-layer table: equal in every layer, it does not reach it at all.
finding_summary_row = { $model }, { $instruction }: last layer { $last }; mean { $mean }
finding_row = { $model }, { $instruction }, layer { $layer }: { $shares }

cannot_ignores = that the policy ignores its instruction: a share says where attention goes, not what the action depends on; only changing or cutting the instruction shows that
cannot_regions = that the regions hold the image and the text: they are positions that a script assumed
cannot_bypass = that the instruction has no bypass path to the action, such as a cross-attention or pooled word embeddings in the action head: attention inside the decoder does not show it
