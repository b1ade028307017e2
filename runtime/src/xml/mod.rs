//! What form do values have in XML?
//!
//! Values are read and written by serde as JSON is; between JSON and XML stands a shape, a `static` that generated code makes of
//! the `xml` keywords of a document (OpenAPI 3.1, 4.8.26). So a type has one implementation, whatever it travels as.

mod read;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;

/// The form of a value in XML.
#[derive(Debug)]
pub enum Xml {
    /// A text.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Anything: elements are the fields of an object, what has none is a text.
    Any,
    /// Elements of any name.
    Map(&'static Xml),
    /// Elements of one name, each a value.
    List(&'static str, &'static Xml),
    /// Elements and attributes by name.
    Record(&'static [XmlField]),
}

/// A field of an [`Xml::Record`].
#[derive(Debug)]
pub struct XmlField {
    pub(crate) key: &'static str,
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) shape: &'static Xml,
    pub(crate) namespace: Option<Namespace>,
}

/// The attribute that declares a namespace, with its name.
pub(crate) type Namespace = (&'static str, &'static str);

/// Where a field stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In an element; a list in one for each item.
    Element,
    Attribute,
    /// As the text of the record's own element.
    Text,
    /// A list whose items are elements of this name within one of their own.
    Wrapped(&'static str),
}

impl XmlField {
    const fn new(key: &'static str, name: &'static str, place: Place, shape: &'static Xml) -> Self {
        Self { key, name, place, shape, namespace: None }
    }

    /// A field in an element of this name; a list in one for each item, and `shape` is that of an item.
    pub const fn element(key: &'static str, name: &'static str, shape: &'static Xml) -> Self {
        Self::new(key, name, Place::Element, shape)
    }

    /// A field in an attribute.
    pub const fn attribute(key: &'static str, name: &'static str, shape: &'static Xml) -> Self {
        Self::new(key, name, Place::Attribute, shape)
    }

    /// A field that is the text of the record's own element.
    pub const fn text(key: &'static str, shape: &'static Xml) -> Self {
        Self::new(key, "", Place::Text, shape)
    }

    /// A list in an element of its own.
    pub const fn wrapped(key: &'static str, name: &'static str, item: &'static str, shape: &'static Xml) -> Self {
        Self::new(key, name, Place::Wrapped(item), shape)
    }

    /// The attribute that declares the namespace of the name, such as `xmlns:p`, and the namespace.
    pub const fn namespace(mut self, declaration: &'static str, namespace: &'static str) -> Self {
        self.namespace = Some((declaration, namespace));
        self
    }
}

/// A value that travels as XML: the name of its element, and its form.
#[derive(Debug)]
pub struct XmlRoot {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Xml,
    pub(crate) namespace: Option<Namespace>,
}

impl XmlRoot {
    /// A value in an element of this name.
    pub const fn new(name: &'static str, shape: &'static Xml) -> Self {
        Self { name, shape, namespace: None }
    }

    /// The attribute that declares the namespace of the name, and the namespace.
    pub const fn namespace(mut self, declaration: &'static str, namespace: &'static str) -> Self {
        self.namespace = Some((declaration, namespace));
        self
    }
}

/// A name without its prefix.
pub(crate) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    static TEXTS: Xml = Xml::List("list", &Xml::Text);
    static TAG: Xml = Xml::Record(&[XmlField::element("label", "label", &Xml::Text)]);
    static TREE: Xml = Xml::Record(&[
        XmlField::attribute("id", "id", &Xml::Number),
        XmlField::element("name", "p:Name", &Xml::Text).namespace("xmlns:p", "urn:p"),
        XmlField::element("on", "on", &Xml::Boolean),
        XmlField::element("repeated", "repeated", &TEXTS),
        XmlField::wrapped("tags", "Tags", "Tag", &TAG),
        XmlField::element("tree", "Tree", &TREE),
        XmlField::element("map", "map", &Xml::Map(&Xml::Number)),
        XmlField::element("any", "any", &Xml::Any),
    ]);
    static TEXT: Xml =
        Xml::Record(&[XmlField::attribute("language", "language", &Xml::Text), XmlField::text("content", &Xml::Text)]);

    fn both(root: &XmlRoot, value: &Value, text: &str) {
        assert_eq!(write(root, value), format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{text}"));
        assert_eq!(read(root.shape, text).as_ref(), Ok(value), "{text}");
    }

    #[test]
    fn values_go_out_and_come_back() {
        let root = XmlRoot::new("t:Tree", &TREE).namespace("xmlns:t", "urn:t");
        both(
            &root,
            &json!({
                "id": 1, "name": "a<&>\"é", "on": true, "repeated": ["x", "y"], "tags": [{"label": "l"}, {"label": ""}],
                "tree": {"id": -2.5, "tags": [], "any": {"a": ["1", "2"], "b": {"c": "d"}}}, "map": {"k": 3}
            }),
            "<t:Tree xmlns:t=\"urn:t\" id=\"1\"><p:Name xmlns:p=\"urn:p\">a&lt;&amp;&gt;&quot;é</p:Name><on>true</on>\
             <repeated>x</repeated><repeated>y</repeated><Tags><Tag><label>l</label></Tag><Tag><label></label></Tag></Tags>\
             <Tree id=\"-2.5\"><Tags></Tags><any><a>1</a><a>2</a><b><c>d</c></b></any></Tree><map><k>3</k></map></t:Tree>",
        );
        both(
            &XmlRoot::new("T", &TEXT),
            &json!({"language": "en", "content": " words "}),
            "<T language=\"en\"> words </T>",
        );
        both(&XmlRoot::new("L", &TEXTS), &json!(["a"]), "<L><list>a</list></L>");
    }

    #[test]
    fn what_a_document_leaves_open_is_read_either_way() {
        static LIST: Xml = Xml::List("tags", &TAG);
        static SHAPE: Xml = Xml::Record(&[XmlField::element("tags", "tags", &LIST)]);
        let shape = &SHAPE;
        let wanted = json!({"tags": [{"label": "a"}, {"label": "b"}]});
        for text in [
            "<r><tags><label>a</label></tags><tags><label>b</label></tags></r>",
            "<r>\n  <tags>\n <Tag><label>a</label></Tag> <Tag><label>b</label></Tag></tags></r>",
            "<x:r xmlns:x='urn:x'><x:tags><label><![CDATA[a]]></label><!-- no --></x:tags><tags><label>&#98;</label></tags></x:r>",
        ] {
            assert_eq!(read(shape, text).as_ref(), Ok(&wanted), "{text}");
        }
        assert_eq!(read(shape, "<r><tags/></r>"), Ok(json!({"tags": []})));
        assert_eq!(read(shape, "<r/>"), Ok(json!({})));
    }

    #[test]
    fn what_is_no_xml_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(200), "</a>".repeat(200));
        for text in ["", "words", "<a>", "<a></b>", "<a/><b/>", "<a>&unknown;</a>", "<a b=></a>", &deep] {
            assert!(read(&Xml::Any, text).is_err(), "{text}");
        }
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>";
        assert!(read(&Xml::Any, bomb).is_err(), "entities of the document's own");
    }
}
