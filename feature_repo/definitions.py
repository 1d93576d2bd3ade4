"""Feast definitions: what the feature store holds of a catalogue.

In reading order: project, entities, sources, feature views. Feast imports every Python file below
this folder on `feast apply`, so nothing else lives here.

A product's rows are keyed by their content too, so a new version is written beside the old one and
no row is ever written over. `catalogue_head` names the one version that is served; the product
lists of that version are in `catalogue_shard`, keyed by version and number.
"""

from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource, Project, ValueType
from feast.data_format import ParquetFormat
from feast.types import Array, Float32, Float64, Int64, String

project = Project(
    name="multimodal_search", description="Product search by words and by picture, with CLIP."
)

product = Entity(
    name="product",
    join_keys=["product_id"],
    value_type=ValueType.STRING,
    description="One product of the catalogue, by its merchant's id.",
)
embedding_model = Entity(
    name="embedding_model",
    join_keys=["model_id"],
    value_type=ValueType.STRING,
    description="The CLIP model, with the revision of its weights, that made a vector.",
)
content = Entity(
    name="content",
    join_keys=["content"],
    value_type=ValueType.STRING,
    description="What a row says, by its fingerprint: another text is another row.",
)
catalogue = Entity(
    name="catalogue",
    join_keys=["catalogue_id"],
    value_type=ValueType.STRING,
    description="A catalogue: `default` is served, `default/previous` was before.",
)
shard = Entity(
    name="shard",
    join_keys=["shard_id"],
    value_type=ValueType.STRING,
    description="One part of one catalogue version's product list: `<version>/<number>`.",
)
change = Entity(
    name="change",
    join_keys=["change_id"],
    value_type=ValueType.STRING,
    description="One change to one catalogue version: `<version>/<sequence>`.",
)


def _source(name: str, description: str) -> FileSource:
    """A folder of Parquet parts, relative to the feature repository in use."""
    return FileSource(
        name=name,
        path=f"offline/{name}",
        file_format=ParquetFormat(),
        timestamp_field="event_timestamp",
        description=description,
    )


product_vectors_source = _source("product_vectors", "Embeddings, one row a product and model.")
product_metadata_source = _source("product_metadata", "What a shopper reads of a product.")
catalogue_head_source = _source("catalogue_head", "One row a publication.")
catalogue_shard_source = _source("catalogue_shard", "Product lists of each published version.")
catalogue_change_source = _source("catalogue_change", "What changed a version once published.")

FOREVER = timedelta(0)

product_vectors = FeatureView(
    name="product_vectors",
    entities=[product, embedding_model, content],
    ttl=FOREVER,
    schema=[
        Field(
            name="text_vector",
            dtype=Array(Float32),
            description="(d,) unit vector of title and description.",
        ),
        Field(
            name="image_vector",
            dtype=Array(Float32),
            description="(k·d,) unit vectors of k pictures, one after the other; zeros for a "
            "picture without a vector of its own, empty without pictures.",
        ),
        Field(
            name="fingerprint",
            dtype=String,
            description="Digest of the words, the picture and the model behind the vectors.",
        ),
    ],
    source=product_vectors_source,
    online=True,
    description="CLIP embeddings of a product: of its text, and of its pictures.",
)

product_metadata = FeatureView(
    name="product_metadata",
    entities=[product, content],
    ttl=FOREVER,
    schema=[
        Field(name="title", dtype=String),
        Field(name="description", dtype=String),
        Field(name="brand", dtype=String, description="Empty where unknown."),
        Field(name="category", dtype=String, description="`A > B > C`; empty where unknown."),
        Field(name="price", dtype=Float64, description="NaN where unknown."),
        Field(name="currency", dtype=String, description="ISO 4217; empty where unknown."),
        Field(name="image_url", dtype=String, description="Path on the gateway, or a URL."),
        Field(name="product_url", dtype=String),
        Field(name="attributes", dtype=String, description="Further columns, a JSON object."),
        Field(name="fingerprint", dtype=String, description="Digest of all of the above."),
    ],
    source=product_metadata_source,
    online=True,
    description="Everything the catalogue knows of a product, its vectors apart.",
)

catalogue_head = FeatureView(
    name="catalogue_head",
    entities=[catalogue],
    ttl=FOREVER,
    schema=[
        Field(name="version", dtype=String, description="Digest of model, products, content."),
        Field(name="model", dtype=String, description="Model id of every vector in it."),
        Field(name="dimension", dtype=Int64, description="Floats a vector."),
        Field(name="shards", dtype=Int64, description="How many shards list its products."),
        Field(name="products", dtype=Int64, description="How many products its shards list."),
        Field(name="base", dtype=Int64, description="Number before its first change."),
        Field(name="sequence", dtype=Int64, description="Number of its latest change."),
        Field(name="folded", dtype=Int64, description="Number of its last folded change, or 0."),
        Field(name="format", dtype=Int64, description="Of the rows; readers refuse newer ones."),
        Field(
            name="ranking",
            dtype=String,
            description="What its searches learned, a JSON object; empty for the built-in one.",
        ),
        Field(name="synonyms", dtype=String, description="A JSON object; empty for none."),
    ],
    source=catalogue_head_source,
    online=True,
    description="The version that is served now.",
)

catalogue_shard = FeatureView(
    name="catalogue_shard",
    entities=[shard],
    ttl=FOREVER,
    schema=[
        Field(name="product_ids", dtype=Array(String)),
        Field(
            name="vector_fingerprints",
            dtype=Array(String),
            description="In the order of `product_ids`: what `product_vectors` must carry.",
        ),
        Field(
            name="metadata_fingerprints",
            dtype=Array(String),
            description="In the order of `product_ids`: what `product_metadata` must carry.",
        ),
    ],
    source=catalogue_shard_source,
    online=True,
    description="Which products a catalogue version has, in ascending order of id.",
)

catalogue_change = FeatureView(
    name="catalogue_change",
    entities=[change],
    ttl=FOREVER,
    schema=[
        Field(name="product_ids", dtype=Array(String)),
        Field(
            name="vector_fingerprints",
            dtype=Array(String),
            description="In the order of `product_ids`; empty text where the product is deleted.",
        ),
        Field(
            name="metadata_fingerprints",
            dtype=Array(String),
            description="In the order of `product_ids`; empty text where the product is deleted.",
        ),
    ],
    source=catalogue_change_source,
    online=True,
    description="Products put into or taken out of a version that is served.",
)
