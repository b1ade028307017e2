//! How does a client come to be while its user is built?

fn main() {
    sinew_generator::Config::build_script("../../../specs/user-service/openapi.yaml").generate_or_exit();
}
