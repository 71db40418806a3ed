import { CudaAccelerator } from '@parapet/runtime/cuda';
import { CudaDriver, driverVersion, listCards } from '@parapet/runtime/cuda-driver';
import {
  type CudaLibraryName,
  cudaLibraries,
  findCudaLibrary,
  librarySearchPath,
} from '@parapet/runtime/cuda-libraries';
import { formatBytes } from '../terminal.ts';
import type { Check } from './check.ts';

/** The oldest driver that CUDA 12 runs on: version 12.0 of its interface. */
const oldestDriver = 12_000;

/**
 * Everything that serving and training need of a GPU, from the driver up. Without a driver there is one line, not five.
 *
 * @param libraryPath PARAPET_CUDA_LIBRARIES
 */
export function checkCuda(libraryPath: string | undefined): Check[] {
  const folders = librarySearchPath(libraryPath);
  const driverFile = findCudaLibrary('driver', folders);
  if (driverFile === null) {
    return [
      {
        name: 'CUDA',
        state: 'absent',
        detail: 'no NVIDIA driver (libcuda.so.1 is not installed)',
        advice: 'Only needed for a GPU: install the NVIDIA driver; in a container, start it with --gpus all.',
      },
    ];
  }
  const driver = checkDriver(driverFile.path);
  if (driver.state !== 'ok') return [driver];
  const libraries = (['nvrtc', 'cublas', 'cublasLt'] as const).map((name) => checkLibrary(name, folders));
  return [driver, ...libraries, checkDevice(libraries, libraryPath)];
}

function checkDriver(path: string): Check {
  const name = 'NVIDIA driver';
  try {
    const driver = new CudaDriver(path);
    const version = driverVersion(driver);
    const text = `CUDA ${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
    if (version < oldestDriver) {
      return {
        name,
        state: 'broken',
        detail: `supports ${text}`,
        advice: 'Install a driver for CUDA 12 or newer (525+).',
      };
    }
    const cards = listCards(driver).map(
      (card) => `${card.name} (${formatBytes(card.memoryBytes)}, compute ${card.major}.${card.minor})`,
    );
    if (cards.length === 0) throw new Error('the driver sees no card');
    return { name, state: 'ok', detail: `${text}; ${cards.join(', ')}` };
  } catch (error) {
    return {
      ...{ name, state: 'broken', detail: (error as Error).message },
      advice:
        'Does `nvidia-smi` list a card? If not, load the kernel module (reboot after an update), or pass the GPU to the container.',
    };
  }
}

const pythonPackages: Partial<Record<CudaLibraryName, string>> = {
  nvrtc: 'nvidia-cuda-nvrtc',
  cublas: 'nvidia-cublas',
  cublasLt: 'nvidia-cublas',
};

function checkLibrary(library: CudaLibraryName, folders: readonly string[]): Check {
  const { what: name, stem, versions } = cudaLibraries[library];
  const found = findCudaLibrary(library, folders);
  if (found !== null) return { name, state: 'ok', detail: found.path };
  return {
    ...{ name, state: 'absent', detail: `${stem}.${versions.join(' or ')} was not found` },
    advice:
      `Install the CUDA toolkit, or the Python package ${pythonPackages[library] ?? 'of that name'} and put its ` +
      'site-packages folder in PARAPET_CUDA_LIBRARIES.',
  };
}

/** Runs a kernel and a matrix product on the card: what is found may still not fit together. */
function checkDevice(libraries: readonly Check[], libraryPath: string | undefined): Check {
  const name = 'CUDA on this card';
  if (libraries.some(({ state }) => state !== 'ok')) {
    return { name, state: 'absent', detail: 'the libraries above are missing', advice: 'Install them.' };
  }
  try {
    const accelerator = CudaAccelerator.open({ libraryPath });
    try {
      const kernels = accelerator.compile('extern "C" __global__ void nothing() {}', {});
      accelerator.launch(kernels.kernel('nothing'), [1], 32, []);
      accelerator.download(new Float32Array(4), accelerator.allocate(16));
      const free = formatBytes(accelerator.freeMemoryBytes());
      return { name, state: 'ok', detail: `works on ${accelerator.name}, ${free} free; set PARAPET_DEVICE=cuda` };
    } finally {
      accelerator.close();
    }
  } catch (error) {
    return {
      ...{ name, state: 'broken', detail: (error as Error).message },
      advice: 'The libraries must be of one CUDA version, and no newer than the driver.',
    };
  }
}
