#!/usr/bin/env python3
"""Saves from PyTorch or transformers what attn-inspect reads.

usage: export_attention.py tokens MODEL TEXT -o DIR        a text as token ids, for attn-inspect run --token-ids
       export_attention.py hf MODEL TEXT -o DIR            what a Hugging Face model computes for a text
       export_attention.py convert FILE OUT.safetensors    a .bin or .pt checkpoint as safetensors

In Python, for modules of your own (nothing but torch and numpy is needed):

    from export_attention import save_encoder, save_state_dict
    save_encoder(encoder, x, 'folder')     # a torch.nn.TransformerEncoder or a list of its layers
    save_state_dict(model.state_dict(), 'model.safetensors')
"""
import argparse
import json
import os
import pickle
import sys

import numpy as np
import torch

DTYPES = {torch.float64: 'F64', torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64',
          torch.int32: 'I32', torch.int16: 'I16', torch.int8: 'I8', torch.uint8: 'U8', torch.bool: 'BOOL'}


def save_state_dict(state_dict, path):
    """Writes the tensors of a state dict as safetensors; whatever else it holds is left out.

    Wide elements come first, so that every tensor starts at a multiple of its element size. A tied
    tensor is written once under each of its names.
    """
    tensors = {name: t.detach().cpu() for name, t in state_dict.items() if isinstance(t, torch.Tensor)}
    header, end = {'__metadata__': {'format': 'pt'}}, 0
    for name in sorted(tensors, key=lambda name: (-tensors[name].element_size(), name)):
        t = tensors[name]
        if t.dtype not in DTYPES or t.layout != torch.strided:
            raise ValueError(f'{name} is {t.dtype}, {t.layout}: only dense tensors of plain numbers can be saved')
        begin, end = end, end + t.numel() * t.element_size()
        header[name] = {'dtype': DTYPES[t.dtype], 'shape': list(t.shape), 'data_offsets': [begin, end]}
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as file:
        file.write(len(text).to_bytes(8, 'little') + text)
        for name in list(header)[1:]:
            t = tensors[name].contiguous()
            array = (t.view(torch.int16) if t.dtype == torch.bfloat16 else t).numpy()  # numpy has no bfloat16
            file.write(array.astype(array.dtype.newbyteorder('<')).tobytes())


def save_folder(folder, arrays, **objects):
    """Writes every tensor as NAME.npy and every other object as NAME.json."""
    os.makedirs(folder, exist_ok=True)
    for name, tensor in arrays.items():
        np.save(os.path.join(folder, name + '.npy'), tensor.detach().cpu().contiguous().numpy())
    for name, value in objects.items():
        with open(os.path.join(folder, name + '.json'), 'w', encoding='utf-8') as file:
            file.write(json.dumps(value, ensure_ascii=False) + '\n')


def save_encoder(encoder, x, folder, mask=None):
    """Saves what every layer of a torch.nn.TransformerEncoder (or a list of its layers) reads and attends to.

    x is what the encoder would get, mask its `mask` argument. The folder gets embeddings.npy,
    hidden_states.npy, attentions.npy, the weights as model.safetensors and config.json, and mask.npy
    with true = may attend (torch means the opposite). Arrays are batch first, whatever the module is.
    """
    layers = list(getattr(encoder, 'layers', encoder))
    attention, activation = layers[0].self_attn, layers[0].activation
    turned = x.dim() == 3 and not attention.batch_first
    hidden, attentions = [], []
    for layer in layers:
        training = layer.training
        layer.eval()
        hidden.append(x.transpose(0, 1) if turned else x)
        with torch.enable_grad():  # an input that wants gradients keeps torch from its fused path
            x = x.detach().requires_grad_()
            y = layer.norm1(x) if layer.norm_first else x
            attentions.append(layer.self_attn(y, y, y, attn_mask=mask, average_attn_weights=False)[1])
            x = layer(x, src_mask=mask)
        layer.train(training)
    arrays = {'embeddings': hidden[0], 'hidden_states': torch.stack(hidden), 'attentions': torch.stack(attentions)}
    if mask is not None:
        arrays['mask'] = ~mask if mask.dtype == torch.bool else mask
    name = getattr(activation, '__name__', type(activation).__name__).lower()
    config = {'nhead': attention.num_heads, 'norm_first': layers[0].norm_first, 'layer_norm_eps': layers[0].norm1.eps,
              'activation': 'gelu_pytorch_tanh' if getattr(activation, 'approximate', 'none') == 'tanh' else name}
    save_folder(folder, arrays, config=config)
    weights = {f'layers.{n}.{key}': t for n, layer in enumerate(layers) for key, t in layer.state_dict().items()}
    weights = encoder.state_dict() if hasattr(encoder, 'layers') else weights
    save_state_dict(weights, os.path.join(folder, 'model.safetensors'))


def load_transformers():
    try:
        import transformers
    except ImportError:
        raise ValueError('this needs the package transformers: pip install transformers') from None
    return transformers


def save_tokens(model, text, folder):
    """Saves token_ids.npy and their texts, tokens.json, with the tokenizer of a model on the hub or in a folder."""
    tokenizer = load_transformers().AutoTokenizer.from_pretrained(model)
    ids = tokenizer(text, return_tensors='pt')['input_ids'][0]
    save_folder(folder, {'token_ids': ids}, tokens=tokenizer.convert_ids_to_tokens(ids.tolist()))


def save_hugging_face(model, text, folder):
    """Saves the attentions and what each block reads, of a model by its name on the hub or its folder."""
    transformers = load_transformers()
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    model = transformers.AutoModel.from_pretrained(model, attn_implementation='eager').float().eval()
    if model.config.is_encoder_decoder:
        model = model.get_encoder()
    inputs = tokenizer(text, return_tensors='pt')
    with torch.no_grad():
        output = model(**inputs, output_attentions=True, output_hidden_states=True)
    if not output.attentions or len({a.shape for a in output.attentions}) > 1:
        raise ValueError(f'{type(model).__name__} does not give one attention of the same shape per layer')
    tokens = tokenizer.convert_ids_to_tokens(inputs['input_ids'][0].tolist())
    save_folder(folder, {'attentions': torch.stack(output.attentions), 'embeddings': output.hidden_states[0],
                         'hidden_states': torch.stack(output.hidden_states[:-1])}, tokens=tokens)


def convert(source, target):
    """Writes the state dict in a file of torch.save, also one that lies beside other things in a checkpoint."""
    try:
        loaded = torch.load(source, map_location='cpu', weights_only=True)
    except TypeError:  # before torch 1.13
        loaded = torch.load(source, map_location='cpu')
    except pickle.UnpicklingError:
        raise ValueError(f'{source}: holds more than tensors; load it yourself and call save_state_dict') from None
    for key in ('state_dict', 'model_state_dict', 'model'):
        if isinstance(loaded, dict) and isinstance(loaded.get(key), dict):
            loaded = loaded[key]
    if not isinstance(loaded, dict) or not any(isinstance(t, torch.Tensor) for t in loaded.values()):
        raise ValueError(f'{source}: holds no state dict')
    save_state_dict(loaded, target)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    commands = parser.add_subparsers(dest='command', required=True)
    for name, text in (('tokens', 'token ids of a text'), ('hf', 'attentions and hidden states of a Hugging Face model')):
        command = commands.add_parser(name, help=text)
        command.add_argument('model')
        command.add_argument('text')
        command.add_argument('-o', '--output', required=True)
    command = commands.add_parser('convert', help='a .bin or .pt checkpoint as safetensors')
    command.add_argument('source')
    command.add_argument('target')
    options = parser.parse_args()
    try:
        if options.command == 'tokens':
            save_tokens(options.model, options.text, options.output)
        elif options.command == 'hf':
            save_hugging_face(options.model, options.text, options.output)
        else:
            convert(options.source, options.target)
    except (OSError, ValueError, RuntimeError) as error:
        print('export_attention.py: error:', str(error).split('\n')[0], file=sys.stderr)
        sys.exit(2)
