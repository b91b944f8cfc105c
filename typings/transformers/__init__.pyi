# What of transformers is imported from its top, for the type checker alone: its own __init__ has
# the checker read two thousand files. Add a name here where it says that one is unknown.

from transformers.modeling_utils import (
    AttentionInterface as AttentionInterface,
)
from transformers.modeling_utils import (
    PreTrainedModel as PreTrainedModel,
)
from transformers.models.auto.configuration_auto import AutoConfig as AutoConfig
from transformers.models.auto.modeling_auto import (
    AutoModel as AutoModel,
)
from transformers.models.auto.modeling_auto import (
    AutoModelForImageTextToText as AutoModelForImageTextToText,
)
from transformers.models.auto.processing_auto import AutoProcessor as AutoProcessor
from transformers.models.auto.tokenization_auto import AutoTokenizer as AutoTokenizer
from transformers.models.bert.configuration_bert import BertConfig as BertConfig
from transformers.models.bert.modeling_bert import BertModel as BertModel
from transformers.models.gemma3.configuration_gemma3 import Gemma3TextConfig as Gemma3TextConfig
from transformers.models.gemma3.modeling_gemma3 import Gemma3TextModel as Gemma3TextModel
from transformers.models.idefics3.configuration_idefics3 import Idefics3Config as Idefics3Config
from transformers.models.idefics3.modeling_idefics3 import (
    Idefics3ForConditionalGeneration as Idefics3ForConditionalGeneration,
)
from transformers.models.kosmos2.configuration_kosmos2 import (
    Kosmos2Config as Kosmos2Config,
)
from transformers.models.kosmos2.configuration_kosmos2 import (
    Kosmos2TextConfig as Kosmos2TextConfig,
)
from transformers.models.kosmos2.modeling_kosmos2 import (
    Kosmos2ForConditionalGeneration as Kosmos2ForConditionalGeneration,
)
from transformers.models.kosmos2.modeling_kosmos2 import (
    Kosmos2Model as Kosmos2Model,
)
from transformers.models.llama.configuration_llama import LlamaConfig as LlamaConfig
from transformers.models.llama.modeling_llama import (
    LlamaForCausalLM as LlamaForCausalLM,
)
from transformers.models.llama.modeling_llama import (
    LlamaModel as LlamaModel,
)
from transformers.models.paligemma.configuration_paligemma import PaliGemmaConfig as PaliGemmaConfig
from transformers.models.paligemma.modeling_paligemma import (
    PaliGemmaForConditionalGeneration as PaliGemmaForConditionalGeneration,
)
from transformers.models.pi0.configuration_pi0 import PI0Config as PI0Config
from transformers.models.pi0.modeling_pi0 import (
    PI0ForConditionalGeneration as PI0ForConditionalGeneration,
)
from transformers.models.qwen2_5_vl.configuration_qwen2_5_vl import (
    Qwen2_5_VLConfig as Qwen2_5_VLConfig,
)
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import (
    Qwen2_5_VLForConditionalGeneration as Qwen2_5_VLForConditionalGeneration,
)
from transformers.tokenization_utils_base import PreTrainedTokenizerBase as PreTrainedTokenizerBase
from transformers.tokenization_utils_tokenizers import (
    PreTrainedTokenizerFast as PreTrainedTokenizerFast,
)
from transformers.trainer import Trainer as Trainer
from transformers.trainer_callback import (
    TrainerCallback as TrainerCallback,
)
from transformers.trainer_callback import (
    TrainerState as TrainerState,
)
from transformers.training_args import TrainingArguments as TrainingArguments

__version__: str
