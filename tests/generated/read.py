"""Makes a client from the document with a generator, compiles it, and has it read a page of a feed.

Reads {client, document, feed, directory, modules, gson} from standard input, all of them paths but the first. Prints what the
client made of each event: the name of its class, or of its type.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openapi_generator_cli

HERE = Path(__file__).parent
TASK = json.load(sys.stdin)
DOCUMENT, FEED, DIRECTORY = TASK["document"], TASK["feed"], Path(TASK["directory"])
MODULES = Path(TASK["modules"]).parent / "node_modules"
# Beside the generator it holds Jackson, which the client for Java is made of.
GENERATOR = Path(openapi_generator_cli.__file__).parent / "openapi-generator.jar"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def generate(name, *options, document=DOCUMENT):
    made = DIRECTORY / name
    run("java", "-jar", GENERATOR, "generate", "-i", document, "-g", name, "-o", made, *options)
    return made


def openapi_python_client():
    made = DIRECTORY / "registry_client"
    generator = Path(sys.executable).parent / "openapi-python-client"
    run(generator, "generate", "--path", DOCUMENT, "--output-path", made, "--meta", "none")
    sys.path.insert(0, str(DIRECTORY))
    from registry_client.models import EventPage

    page = EventPage.from_dict(json.loads(Path(FEED).read_text()))
    return [type(event).__name__ for event in page.data]


def java():
    made = generate("java", "--library", "native", "--additional-properties=openApiNullable=false")
    sources = [*made.glob("src/main/java/**/*.java"), *HERE.glob("java/**/*.java")]
    names = DIRECTORY / "java.sources"
    names.write_text("\n".join(map(str, sources)))
    run("javac", "-nowarn", "-proc:none", "-cp", GENERATOR, "-d", DIRECTORY / "classes", f"@{names}")
    return run("java", "-cp", f"{DIRECTORY / 'classes'}:{GENERATOR}", "Read", FEED).split()


def of_the_feed():
    """The document with one operation, and the schemas that it leads to."""
    document = json.loads(Path(DOCUMENT).read_text())
    document["paths"] = {"/v1/events": document["paths"]["/v1/events"]}
    schemas, wanted, text = document["components"]["schemas"], set(), json.dumps(document["paths"])
    while new := set(re.findall(r'"#/components/schemas/(\w+)"', text)) - wanted:
        wanted |= new
        text = json.dumps([schemas[name] for name in new])
    document["components"]["schemas"] = {name: schemas[name] for name in sorted(wanted)}
    short = DIRECTORY / "feed.openapi.json"
    short.write_text(json.dumps(document))
    return short


def kotlin():
    # The compiler takes minutes for all of the document.
    # Its other libraries make an interface of what is one of several, and nothing that implements it.
    made = generate(
        "kotlin",
        "--library",
        "jvm-retrofit2",
        "--additional-properties=serializationLibrary=gson,generateOneOfAnyOfWrappers=true",
        document=of_the_feed(),
    )
    client = made / "src/main/kotlin/org/openapitools/client"
    # What calls the service asks for libraries that only Maven has.
    sources = [client / "models", *client.glob("infrastructure/*Adapter.kt"), client / "infrastructure/Serializer.kt"]
    compiler = MODULES / "kotlin-compiler/lib"
    jars = ":".join(str(jar) for jar in compiler.glob("*.jar") if "sources" not in jar.name)
    classes = f"{TASK['gson']}:{compiler / 'kotlin-stdlib.jar'}"
    run(
        *("java", "-Xss64m", "-cp", jars, "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler", "-nowarn", "-no-reflect"),
        *("-kotlin-home", compiler.parent, "-cp", classes, "-d", DIRECTORY / "classes", *sources, HERE / "Read.kt"),
    )
    return run("java", "-cp", f"{DIRECTORY / 'classes'}:{classes}", "ReadKt", FEED).split()


def compile_typescript(*sources):
    options = ("--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext")
    (DIRECTORY / "node_modules").symlink_to(MODULES)
    run("node", MODULES / "typescript/bin/tsc", *options, "--types", "node", *sources, cwd=DIRECTORY)


def typescript_fetch():
    generate("typescript-fetch", "--additional-properties=importFileExtension=.js")
    (DIRECTORY / "package.json").write_text('{ "type": "module" }')
    shutil.copy(HERE / "read.ts", DIRECTORY)
    compile_typescript("read.ts")
    return run("node", DIRECTORY / "read.js", FEED).split()


def openapi_typescript():
    made = DIRECTORY / "registry.ts"
    run("node", MODULES / "openapi-typescript/bin/cli.js", DOCUMENT, "--output", made)
    shutil.copy(HERE / "types.ts", DIRECTORY)
    page = json.dumps(json.loads(Path(FEED).read_text()), ensure_ascii=False)
    (DIRECTORY / "feed.ts").write_text(
        f"import type {{ components }} from './registry.js';\nexport const feed: components['schemas']['EventPage'] = {page};\n"
    )
    (DIRECTORY / "package.json").write_text('{ "type": "module" }')
    compile_typescript("types.ts")
    return run("node", DIRECTORY / "types.js").split()


CLIENTS = {
    "openapi-python-client": openapi_python_client,
    "java": java,
    "kotlin": kotlin,
    "typescript-fetch": typescript_fetch,
    "openapi-typescript": openapi_typescript,
}
print(json.dumps(CLIENTS[TASK["client"]]()))
