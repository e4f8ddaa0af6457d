"""mitmproxy's layers, made strict by subclassing: what a client may send, what may be dialled, how errors look."""
