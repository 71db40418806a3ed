"""A function over tensors that stay where they are, recorded as a CUDA graph once it has run."""

import gc

import torch


class Recorder:
    """Makes captured functions that share one pool of memory, so they must run one after the other.

    What fails to be recorded runs eagerly from then on; `failure` says why. On a CPU everything runs eagerly.
    """

    def __init__(self, device, enabled=True):
        self.enabled = enabled and device == "cuda"
        self.pool = torch.cuda.graph_pool_handle() if self.enabled else None
        self.failure = None
        self.recorded = 0

    def capture(self, function):
        """function() reads and writes static tensors only. Its first call runs as it is, which compiles and tunes."""
        return Captured(self, function)


class Captured:
    def __init__(self, recorder, function):
        self.recorder, self.function, self.calls, self.graph = recorder, function, 0, None

    def __call__(self):
        self.calls += 1
        if self.graph is None and self.calls == 2 and self.recorder.enabled:
            self.graph = self.record()
        if self.graph is None:
            self.function()
        else:
            self.graph.replay()

    def record(self):
        """None where it fails. The caller is on a stream of its own: the default stream can't be recorded."""
        graph = torch.cuda.CUDAGraph()
        torch.cuda.synchronize()
        gc.disable()  # a tensor that is freed by the collector would break the recording
        try:
            graph.capture_begin(pool=self.recorder.pool, capture_error_mode="thread_local")
            try:
                self.function()
            finally:
                graph.capture_end()
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # noqa: BLE001: whatever it is, the eager way still gives the result
            self.recorder.enabled = False
            self.recorder.failure = f"{type(error).__name__}: {str(error)[:400]}"
            print(f"recording failed, eager from here: {self.recorder.failure}", flush=True)
            return None
        finally:
            gc.enable()
        self.recorder.recorded += 1
        return graph
