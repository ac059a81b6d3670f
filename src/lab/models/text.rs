//! Models as text, as the `models` of a policy file hold them. It writes no file.

use crate::error::{Error, Result};
use attune_policy::model::Model;

/// The models as a RON list: paste it, or parts of it, among the models of a policy.
///
/// # Errors
/// When a model holds a number that RON cannot write.
pub fn text(models: &[&Model]) -> Result<String> {
    let pretty = ron::ser::PrettyConfig::new().new_line("\n").indentor("  ").compact_arrays(true);
    let text = ron::ser::to_string_pretty(models, pretty)
        .map_err(|error| Error::new(format!("the models could not be written as RON: {error}")))?;
    Ok(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_policy::model::{Function, Link};

    #[test]
    fn models_read_back_as_they_were_written() {
        let function =
            Function::Linear { intercept: 0.1 + 0.2, coefficients: vec![1e-300, -2.5], link: Link::Identity };
        let model = Model { id: "a \"b\"".into(), function, ..Model::default() };
        let text = text(&[&model, &model]).unwrap();
        assert_eq!(ron::from_str::<Vec<Model>>(&text).unwrap(), [model.clone(), model]);
    }
}
